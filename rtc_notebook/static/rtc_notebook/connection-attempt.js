// How long a connection is waited for: what connected before takes a fraction of what the first one may.

/**
 * @typedef {{ worked: boolean, took: number, way: "webrtc" | "websocket" }} Known of this browser's ways in this call:
 *   whether WebRTC ever found one, the milliseconds that took, and which was taken last
 *
 * @typedef {object} AttemptOptions
 * @property {Known} known
 * @property {boolean} patient whether its other side has just begun, and may be slow for a while
 * @property {(() => boolean) | undefined} online whether the server is heard from just now
 * @property {(() => boolean) | undefined} spared whether another way is open already, and can be taken at once
 * @property {() => void} onconnected
 * @property {() => void} onlate it takes long; something else may be needed soon
 * @property {() => void} onnoway
 * @property {() => void} onnoaddress this machine has no address to offer
 */

export const PATIENCE = 3_000;
export const NO_ADDRESS = 500; // milliseconds; one that there is comes within some tens of them
const SHORTEST_AGAIN = 700;
const LONGEST_AGAIN = 1_200; // the link carries on, and WebRTC is tried again
const PATIENT_AGAIN = 2_000;
const PATIENT = 6; // times as long as it took before
const HASTY = 3; // where nothing has to be opened first
const LATER = 1_000;

export class Attempt {
  #begun = 0; // when both sides were described, and an address was found here
  #found = false;
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #lateTimer;

  /** @param {RTCPeerConnection} connection @param {AttemptOptions} options */
  constructor(connection, options) {
    this.connection = connection;
    this.options = options;
    const { patient, known: { worked, took } } = options;
    this.again = worked;
    const again = patient ? PATIENT_AGAIN : Math.min(LONGEST_AGAIN, Math.max(SHORTEST_AGAIN, PATIENT * took));
    this.patience = worked ? again : PATIENCE;
    this.#wait(worked ? NO_ADDRESS : PATIENCE);
    this.#lateTimer = setTimeout(() => !this.#over && connection.remoteDescription && options.onlate(), (2 * this.patience) / 3);
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (!candidate?.candidate) return;
      this.#found = true;
      this.#begin();
    });
    connection.addEventListener("signalingstatechange", () => this.#begin());
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState !== "connected" || this.#closed) return;
      options.known.worked = true;
      if (this.#begun) options.known.took = Date.now() - this.#begun;
      this.close();
      options.onconnected();
    });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#lateTimer);
  }

  get #over() {
    const { signalingState, iceConnectionState } = this.connection;
    return this.#closed || signalingState === "closed" || iceConnectionState === "connected" || iceConnectionState === "completed";
  }

  #begin() {
    if (this.#begun || !this.#found || !this.connection.remoteDescription) return;
    this.#begun = Date.now();
    const { patient, spared, known: { took } } = this.options;
    if (this.again && !patient && spared?.()) this.patience = Math.min(this.patience, Math.max(SHORTEST_AGAIN, HASTY * took));
    if (this.again) this.#wait(this.patience);
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#check(), milliseconds);
  }

  #check() {
    if (this.#over) return;
    const { known, online, onnoaddress, onnoway } = this.options;
    if (online?.() === false) return this.#wait(LATER);
    if (this.again && !this.#found) return onnoaddress();
    // The other side's description may not be here yet: then there is nothing that could have failed.
    if (!this.connection.remoteDescription) return this.#wait(LATER);
    const left = known.worked && this.#begun ? this.#begun + this.patience - Date.now() : 0; // the other one found a way
    if (left > 0) return this.#wait(left);
    onnoway();
  }
}

/** Calls back once this machine has an address to offer: a browser takes a moment to notice that it has a network again. @param {RTCConfiguration} configuration @param {() => void} onfound @returns {() => void} to stop */
export function whenAddressed(configuration, onfound) {
  const begun = Date.now();
  /** @type {ReturnType<typeof setTimeout>} */ let timer;
  /** @type {RTCPeerConnection} */ let connection;
  const stop = () => {
    clearTimeout(timer);
    connection.onicecandidate = null;
    connection.close();
  };
  const look = () => {
    connection = new RTCPeerConnection(configuration); // each looks for addresses once
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      stop();
      onfound();
    };
    connection.createDataChannel("");
    connection.setLocalDescription().catch(() => {});
    timer = setTimeout(() => {
      stop();
      look();
    }, Math.min(5_000, 250 + (Date.now() - begun) / 4));
  };
  look();
  return stop;
}
