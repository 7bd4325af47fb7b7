// The room's WebSocket: opens it again when it breaks and takes the same place in the room up again.

import { Ledger } from "./ledger.js";
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
 * @property {string} [session] of a place that this page had before it was loaded again
 * @property {(message: ServerMessage) => void} onmessage
 * @property {(state: SignalingState, attempt: number) => void} [onstate]
 * @property {typeof WebSocket} [WebSocket]
 * @property {() => number} [random]
 */

export const WELCOME_TIMEOUT = 10_000;
const OPEN_TIMEOUT = 3_000; // for a socket that is to replace one: what went into a dead network does not come back
const LONGEST_WAIT = 3_000;
const HEARD_EVERY = 2_000;
const HEARD_MESSAGES = 64;
const SILENT = 3_500;
const PROBE = 1_000;
const PULSE = 2_700;
const HANDSHAKE = 1_000; // that an opening socket is left in peace
const PAGE_GONE = 4001;
const COMES_BACK = "server-stopped"; // what the server says before it stops, to be started again maybe

/** Milliseconds before attempt `attempt` (1, 2, …): doubles, capped, between half and the whole of it at random. */
export function backoff(/** @type {number} */ attempt, random = Math.random) {
  const whole = Math.min(LONGEST_WAIT, 250 * 2 ** attempt);
  return whole / 2 + (random() * whole) / 2;
}

export class Signaling {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {string | null} */ #session = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #asking;
  /** @type {Ledger | null} */ #ledger = null;
  #asked = 0; // when an answer was asked for that has not come
  #ticked = 0;
  #heardAt = 0;
  #probing = false;
  #attempt = 0;
  #begun = 0; // when the socket was made
  #welcomed = false;
  #waiting = false; // at the door
  /** @type {SignalingState} */ #state = "connecting";

  /** @param {SignalingOptions} options */
  constructor(options) {
    this.options = options;
    this.secret = options.secret;
    this.#session = options.session ?? null;
  }

  get state() {
    return this.#state;
  }

  open() {
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.options.url, this.options.protocols ?? []);
    this.#socket = socket;
    this.#begun = Date.now();
    this.#welcomed = false;
    this.#timer = setTimeout(() => this.#broken(socket), this.#ledger ? OPEN_TIMEOUT : WELCOME_TIMEOUT);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#broken(socket), WELCOME_TIMEOUT);
      /** @type {ClientMessage} */
      const hello = { type: "hello", version: VERSION, client: "browser", clientVersion: this.options.clientVersion };
      if (this.options.name) hello.name = this.options.name;
      if (this.#session) hello.session = this.#session;
      if (this.#session && this.#ledger?.whole) hello.heard = this.#ledger.heard;
      if (this.secret) hello.call = this.secret;
      socket.send(encode(hello));
    };
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = () => this.#broken(socket);
  }

  /** Sends now, or after the place in the room was taken up again. @param {ClientMessage} message */
  send(message) {
    if (this.#state === "closed") return;
    this.#ledger?.say(message);
    if (this.#welcomed && this.#socket?.readyState === 1) this.#socket.send(encode(message));
  }

  /** Whether the server was heard from just now; it says something every other second, and when it is asked. */
  get alive() {
    return this.#welcomed && Date.now() - this.#heardAt < PULSE && !(this.#probing && this.#asked);
  }

  /** What takes the place up again; null before there is one. */
  get session() {
    return this.#session;
  }

  /** Tries at once instead of waiting, for when the network may be another one, or the page was asleep. */
  retry() {
    if (this.#state === "closed") return;
    if (this.#welcomed || this.#waiting) return this.#probe();
    if (this.#socket && !this.#ledger) return;
    this.#attempt = 0; // whatever the others failed of is over
    if (this.#socket && Date.now() - this.#begun < HANDSHAKE) return;
    this.#drop();
    this.open();
  }

  /** Lets go of the socket without leaving: this page is being closed, or loaded again. */
  suspend() {
    this.#socket?.close(PAGE_GONE);
    this.#end();
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
    this.#asked = 0;
    this.#heardAt = Date.now();
    if (message.type === "welcome") return this.#welcome(message);
    if (message.type === "heard") return this.#ledger?.acknowledge(message.count);
    this.#ledger?.hear(message);
    if (this.#ledger && this.#ledger.heard % HEARD_MESSAGES === 0) this.#say();
    if (message.type === "waiting") this.#wait();
    if (message.type === "bye" && message.code === COMES_BACK) {
      return this.#socket ? this.#broken(this.#socket) : undefined;
    }
    if (message.type === "bye") this.#end();
    this.options.onmessage(message);
  }

  /** For a host, as long as that takes. */
  #wait() {
    clearTimeout(this.#timer);
    this.#waiting = true;
    this.#attempt = 0;
    this.#ticked = Date.now();
    this.#listen();
  }

  /** @param {import("./protocol.js").Welcome} message */
  #welcome(message) {
    clearTimeout(this.#timer);
    this.#session = message.session;
    this.#welcomed = true;
    this.#waiting = false;
    this.#attempt = 0;
    const before = this.#ledger;
    const ledger = message.resumed && before ? before : new Ledger();
    this.#ledger = ledger;
    ledger.acknowledge(message.heard ?? 0);
    for (const late of [...ledger.unheard]) this.#socket?.send(encode(late));
    this.#enter("connected");
    this.options.onmessage(message);
    // In a place that is begun anew, what a person wrote still counts; the rest is said anew.
    if (ledger !== before) before?.unheard.filter(({ type }) => type === "send-chat").forEach((late) => this.send(late));
    this.#ticked = Date.now();
    this.#listen();
  }

  #say() {
    if (this.#waiting) this.#socket?.send(encode({ type: "heard", count: 0 }));
    else if (this.#welcomed && this.#ledger) this.send({ type: "heard", count: this.#ledger.heard });
  }

  #listen() {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#listened(), HEARD_EVERY);
  }

  /** Says what was heard, now and then, and gives the socket up if no answer comes. */
  #listened() {
    const now = Date.now();
    if (now - this.#ticked > 2 * HEARD_EVERY) this.#asked = 0; // it was this page that slept, not the network
    this.#ticked = now;
    if (this.#asked && now - this.#asked >= SILENT) return this.#socket ? this.#broken(this.#socket) : undefined;
    this.#asked ||= now;
    this.#say();
    this.#listen();
  }

  /** Finds out soon whether the socket still leads anywhere. */
  #probe() {
    const socket = this.#socket;
    if (!socket || this.#probing) return;
    this.#probing = true;
    this.#asked = this.#ticked = Date.now();
    this.#say();
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => {
      this.#probing = false;
      if (!this.#asked) return this.#listen();
      this.#broken(socket);
      this.retry(); // the others have not lost theirs at the same moment
    }, PROBE);
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
    clearTimeout(this.#asking);
    this.#probing = false;
    this.#asked = 0;
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = this.#waiting = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #end() {
    this.#drop();
    this.#ledger = null;
    this.#enter("closed");
  }

  /** @param {SignalingState} state */
  #enter(state) {
    this.#state = state;
    this.options.onstate?.(state, this.#attempt);
  }
}
