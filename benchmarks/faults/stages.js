// Notes when what happened on this page, in ms since the epoch, for `faults.py --stages`: globalThis.stages = [[at, what], ...].
(() => {
  const stages = (globalThis.stages = []);
  const note = (what) => stages.push([performance.timeOrigin + performance.now(), what]);
  const kind = (data) => (typeof data === "string" ? (/"type": ?"([^"]+)"/.exec(data)?.[1] ?? "?") : "");
  let sockets = 0;
  globalThis.WebSocket = class extends WebSocket {
    constructor(url, ...rest) {
      super(url, ...rest);
      const name = `${new URL(url, location.href).pathname.split("/").pop()} ${++sockets}`;
      note(`${name} opening`);
      this.addEventListener("open", () => note(`${name} open`));
      this.addEventListener("close", ({ code }) => note(`${name} closed ${code}`));
      this.addEventListener("message", ({ data }) => kind(data) && kind(data) !== "overlay" && note(`${name} ← ${kind(data)}`));
      const send = this.send;
      this.send = (data) => {
        if (kind(data)) note(`${name} → ${kind(data)}`);
        send.call(this, data);
      };
    }
  };
  let connections = 0;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super(configuration);
      const name = `connection ${++connections}`;
      note(`${name} made`);
      this.addEventListener("iceconnectionstatechange", () => note(`${name} ICE ${this.iceConnectionState}`));
      this.addEventListener("connectionstatechange", () => note(`${name} ${this.connectionState}`));
      this.addEventListener("icecandidate", ({ candidate }) => note(`${name} candidate ${candidate?.candidate.split(" ").slice(2, 8).join(" ")}`));
      this.addEventListener("icecandidateerror", ({ errorText }) => note(`${name} ${errorText}`));
    }
  };
  for (const event of ["online", "offline"]) addEventListener(event, () => note(event));
  navigator.connection?.addEventListener("change", () => note("navigator.connection change"));
})();
