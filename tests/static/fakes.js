// The browser's edges, faked: a WebSocket and a peer connection that do what the tests tell them.

export class FakeSocket {
  /** @type {FakeSocket[]} */ static all = [];
  readyState = 0;
  /** @type {any[]} */ sent = [];
  /** @type {(() => void) | null} */ onopen = null;
  /** @type {((event: { data: string }) => void) | null} */ onmessage = null;
  /** @type {((event: { code?: number, reason?: string }) => void) | null} */ onclose = null;
  bufferedAmount = 0;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  static get last() {
    return FakeSocket.all[FakeSocket.all.length - 1];
  }

  accept() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** @param {string | Uint8Array} data */
  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }

  /** @param {object} message */
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  close() {
    this.readyState = 3;
    this.onclose?.({ code: 1006, reason: "" });
  }
}

class FakeTransceiver {
  /** @type {string | null} */ mid = null;
  stopped = false;
  currentDirection = null;

  /** @param {any} track @param {string} kind @param {string} direction */
  constructor(track, kind, direction) {
    this.direction = direction;
    this.receiver = { track: { kind, id: `remote-${kind}` } };
    this.sender = {
      track: /** @type {any} */ (track),
      parameters: { encodings: [{}] },
      getParameters: () => this.sender.parameters,
      setParameters: async (/** @type {any} */ parameters) => void (this.sender.parameters = parameters),
      replaceTrack: async (/** @type {any} */ next) => void (this.sender.track = next),
    };
  }
}

export class FakeConnection {
  /** @type {FakeConnection[]} */ static all = [];
  signalingState = "stable";
  connectionState = "new";
  /** @type {{ type: string, sdp: string } | null} */ localDescription = null;
  /** @type {{ type: string, sdp: string } | null} */ remoteDescription = null;
  /** @type {FakeTransceiver[]} */ transceivers = [];
  /** @type {object[]} */ candidates = [];
  /** @type {((event: { candidate: object | null }) => void) | null} */ onicecandidate = null;
  /** @type {(() => void) | null} */ onconnectionstatechange = null;
  iceConnectionState = "new";
  closed = false;
  /** @type {[string, (event: any) => void][]} */ #listeners = [];

  constructor() {
    FakeConnection.all.push(this);
  }

  /** @param {string} type @param {(event: any) => void} listener */
  addEventListener(type, listener) {
    this.#listeners.push([type, listener]);
  }

  /** @param {string} type */
  dispatch(type, event = {}) {
    for (const [its, listener] of this.#listeners) if (its === type) listener(event);
    /** @type {any} */ (this)[`on${type}`]?.(event);
  }

  /** An address of this machine's was found. */
  gather() {
    this.dispatch("icecandidate", { candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 5000 typ host" } });
  }

  /** @param {string} state */
  become(state) {
    this.connectionState = this.iceConnectionState = state;
    this.dispatch("connectionstatechange");
  }

  createDataChannel() {}

  /** Something comes all the time. */
  async getStats() {
    return new Map([["pair", { type: "candidate-pair", bytesReceived: Date.now() }]]);
  }

  getTransceivers() {
    return this.transceivers;
  }

  /** @param {any} track @param {{ direction: string }} init */
  addTransceiver(track, init) {
    const transceiver = new FakeTransceiver(typeof track === "string" ? null : track, track.kind ?? track, init.direction);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer() {
    return { type: "offer", sdp: "offer" };
  }

  async createAnswer() {
    return { type: "answer", sdp: "answer" };
  }

  /** @param {{ type: string, sdp: string }} description */
  async setLocalDescription(description = { type: "offer", sdp: "offer" }) {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
    this.transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
  }

  /** An offer's SDP is here a list of the kinds of its m-lines. @param {{ type: string, sdp: string }} description */
  async setRemoteDescription(description) {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    if (description.type === "offer") {
      const kinds = description.sdp.split(" ");
      while (this.transceivers.length < kinds.length) {
        const transceiver = new FakeTransceiver(null, kinds[this.transceivers.length], "recvonly");
        transceiver.mid = String(this.transceivers.length);
        this.transceivers.push(transceiver);
      }
    }
  }

  /** @param {object} candidate */
  async addIceCandidate(candidate) {
    this.candidates.push(candidate);
  }

  close() {
    this.closed = true;
    this.signalingState = this.connectionState = "closed";
  }
}
