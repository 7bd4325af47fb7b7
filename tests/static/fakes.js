// The browser's edges, faked: a WebSocket and a peer connection that do what the tests tell them.

export class FakeSocket {
  /** @type {FakeSocket[]} */ static all = [];
  readyState = 0;
  /** @type {any[]} */ sent = [];
  /** @type {(() => void) | null} */ onopen = null;
  /** @type {((event: { data: string }) => void) | null} */ onmessage = null;
  /** @type {(() => void) | null} */ onclose = null;

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

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  /** @param {object} message */
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  close() {
    this.readyState = 3;
    this.onclose?.();
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
  closed = false;

  constructor() {
    FakeConnection.all.push(this);
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
  async setLocalDescription(description) {
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
  }
}
