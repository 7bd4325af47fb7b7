// The least a browser needs to be in a room: two connections, and what they count. The test exposes `seat`.
window.peer = {
  publisher: null, subscriber: null, stream: null,
  async publish(ids) {
    this.publisher ??= new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const pc = this.publisher;
    pc.onicecandidate = ({ candidate }) => candidate && seat("candidate", { connection: "publish", candidate });
    if (ids && !this.stream) {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720, frameRate: 30 } });
      for (const track of this.stream.getTracks()) {
        const { sender } = pc.addTransceiver(track, { direction: "sendonly", streams: [this.stream] });
        await sender.setParameters({ ...sender.getParameters(), degradationPreference: "maintain-resolution" });
      }
    } else {
      for (const t of pc.getTransceivers()) t.direction = ids ? "sendonly" : "inactive";
    }
    await pc.setLocalDescription();
    const tracks = {};
    if (ids) for (const t of pc.getTransceivers()) tracks[t.mid] = [ids[t.sender.track.kind], t.sender.track.kind];
    await pc.setRemoteDescription({ type: "answer", sdp: await seat("publish", { sdp: pc.localDescription.sdp, tracks }) });
  },
  async offer({ id, sdp }) {
    if (!this.subscriber) {
      this.subscriber = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      this.subscriber.onicecandidate = ({ candidate }) => candidate && seat("candidate", { connection: "subscribe", candidate });
      this.subscriber.ontrack = ({ track }) => {
        const element = document.createElement(track.kind);
        element.autoplay = true; element.muted = track.kind === "video";
        element.srcObject = new MediaStream([track]);
        document.body.append(element);
      };
    }
    const pc = this.subscriber;
    await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription();
    await seat("answer", { id, sdp: pc.localDescription.sdp });
  },
  async stats(name, type) {
    const report = this[name] ? [...(await this[name].getStats()).values()] : [];  // none before the first offer
    return report.filter((entry) => entry.type === type);
  },
};
