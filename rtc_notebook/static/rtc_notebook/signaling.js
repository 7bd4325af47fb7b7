// The room's WebSocket: opens it again when it breaks and takes the same place in the room up again.

import { VERSION, ProtocolError, decodeServer, encode } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {"connecting" | "connected" | "reconnecting" | "closed"} SignalingState
 *
 * @typedef {object} SignalingOptions
 * @property {string} url
 * @property {string} clientVersion
 * @property {string[]} [protocols] subprotocols, by which a guest is let in
 * @property {string} [name]
 * @property {string} [secret] pairs this widget with its kernel
 * @property {(message: ServerMessage) => void} onmessage
 * @property {(state: SignalingState, attempt: number) => void} [onstate]
 * @property {typeof WebSocket} [WebSocket]
 * @property {() => number} [random]
 */

export const WELCOME_TIMEOUT = 10_000;
const LONGEST_WAIT = 5_000;
const KEPT_MESSAGES = 200;

/** Milliseconds before attempt `attempt` (1, 2, …): doubles, capped, between half and the whole of it at random. */
export function backoff(/** @type {number} */ attempt, random = Math.random) {
  const whole = Math.min(LONGEST_WAIT, 250 * 2 ** attempt);
  return whole / 2 + (random() * whole) / 2;
}

export class Signaling {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {string | null} */ #session = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {ClientMessage[]} said while the socket was broken */ #kept = [];
  #attempt = 0;
  #welcomed = false;
  /** @type {SignalingState} */ #state = "connecting";

  /** @param {SignalingOptions} options */
  constructor(options) {
    this.options = options;
    this.secret = options.secret;
  }

  get state() {
    return this.#state;
  }

  open() {
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.options.url, this.options.protocols ?? []);
    this.#socket = socket;
    this.#welcomed = false;
    this.#timer = setTimeout(() => this.#broken(socket), WELCOME_TIMEOUT);
    socket.onopen = () => {
      /** @type {ClientMessage} */
      const hello = { type: "hello", version: VERSION, client: "browser", clientVersion: this.options.clientVersion };
      if (this.options.name) hello.name = this.options.name;
      if (this.#session) hello.session = this.#session;
      if (this.secret) hello.call = this.secret;
      socket.send(encode(hello));
    };
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = () => this.#broken(socket);
  }

  /** Sends now, or after the place in the room was taken up again. @param {ClientMessage} message */
  send(message) {
    if (this.#welcomed && this.#socket?.readyState === 1) this.#socket.send(encode(message));
    else if (this.#session && this.#state !== "closed" && this.#kept.length < KEPT_MESSAGES) this.#kept.push(message);
  }

  /** Tries at once instead of waiting, for when the network is back. */
  retry() {
    if (this.#socket || this.#state === "closed") return;
    clearTimeout(this.#timer);
    this.open();
  }

  /** Leaves the room for good. */
  close() {
    if (this.#state === "closed") return;
    if (this.#welcomed) this.send({ type: "leave" });
    this.#end();
  }

  /** @param {string} data */
  #receive(data) {
    let message;
    try {
      message = decodeServer(data);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      message = /** @type {const} */ ({ type: "error", code: error.code, message: error.message });
    }
    if (message.type === "welcome") {
      clearTimeout(this.#timer);
      this.#session = message.session;
      this.#welcomed = true;
      this.#attempt = 0;
      const kept = this.#kept.splice(0);
      this.#enter("connected");
      this.options.onmessage(message);
      if (message.resumed) kept.forEach((late) => this.send(late));
      return;
    }
    if (message.type === "waiting") clearTimeout(this.#timer); // for a host, as long as that takes
    if (message.type === "bye") this.#end();
    this.options.onmessage(message);
  }

  /** @param {WebSocket} socket */
  #broken(socket) {
    if (socket !== this.#socket) return;
    this.#drop();
    this.#attempt += 1;
    this.#enter(this.#session ? "reconnecting" : "connecting");
    this.#timer = setTimeout(() => this.open(), backoff(this.#attempt, this.options.random));
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #end() {
    this.#drop();
    this.#kept = [];
    this.#enter("closed");
  }

  /** @param {SignalingState} state */
  #enter(state) {
    this.#state = state;
    this.options.onstate?.(state, this.#attempt);
  }
}
