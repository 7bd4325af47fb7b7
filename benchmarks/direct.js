// The two patterns to compare with: a direct connection between two pages, and an echo by a peer elsewhere.
(() => {
  const gathered = (connection) =>
    new Promise((resolve) => {
      if (connection.iceGatheringState === "complete") resolve();
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState === "complete") resolve();
      });
    });
  const show = (connection) => {
    const video = Object.assign(document.createElement("video"), { autoplay: true, muted: true, playsInline: true });
    const sound = Object.assign(document.createElement("audio"), { autoplay: true });
    document.body.append(video, sound);
    connection.addEventListener("track", ({ track, receiver }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      (track.kind === "video" ? video : sound).srcObject = new MediaStream([track]);
    });
  };
  const preferVp8 = (transceiver) => {
    const { codecs } = RTCRtpSender.getCapabilities("video");
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType)));
  };

  globalThis.peer = {
    /** @param {boolean} echo whether the picture comes back */
    async offer(echo) {
      this.connection = new RTCPeerConnection();
      const stream = timecode.camera();
      const transceiver = this.connection.addTransceiver(stream.getVideoTracks()[0], {
        direction: echo ? "sendrecv" : "sendonly",
        streams: [stream],
      });
      preferVp8(transceiver);
      if (!echo) {
        // a call has sound, which the picture waits for: a receiver keeps the two together
        const [microphone] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks();
        this.connection.addTransceiver(microphone, { direction: "sendonly", streams: [stream] });
      }
      if (echo) show(this.connection);
      await this.connection.setLocalDescription();
      await gathered(this.connection);
      return this.connection.localDescription.sdp;
    },
    async take(sdp) {
      await this.connection.setRemoteDescription({ type: "answer", sdp });
    },
    async answer(sdp) {
      this.connection = new RTCPeerConnection();
      show(this.connection);
      await this.connection.setRemoteDescription({ type: "offer", sdp });
      await this.connection.setLocalDescription();
      await gathered(this.connection);
      // at the same start and maximum as ours, or it would be compared at a quarter of the pixels
      const { sdp: answer } = this.connection.localDescription;
      const [, payload] = /a=rtpmap:(\d+) VP8/.exec(answer);
      return answer.replace(
        /(a=rtpmap:\d+ VP8\/90000\r\n)/,
        `$1a=fmtp:${payload} x-google-start-bitrate=1500;x-google-max-bitrate=2500\r\n`,
      );
    },
  };
})();
