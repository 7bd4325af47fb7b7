// The media link: a second WebSocket, for where WebRTC finds no way. It comes back by itself while the call lasts.

import { backoff } from "./signaling.js";
import { decode, encode, message } from "./link-wire.js";
import { Bitrate, Lateness, Window } from "./link-window.js";

/**
 * @typedef {import("./link-wire.js").Frame} Frame
 *
 * @typedef {object} LinkOptions
 * @property {string} url
 * @property {string} session from the welcome; it is said inside the socket, never in its address
 * @property {string[]} [protocols] by which a guest is let in
 * @property {number} startBitrate bits per second, of all pictures
 * @property {number} maxBitrate
 * @property {(frame: Frame) => void} onframe
 * @property {(track: string) => void} onwanted a keyframe of an own track is wanted
 * @property {() => void} onopen
 * @property {() => void} [onsilent] nothing has come for a moment: a reason to ask the server for a sign of life
 * @property {() => void} [onchange] the state or the delay changed
 * @property {typeof WebSocket} [WebSocket]
 */

const ACK_WAIT = 40;
const MOST_BUFFERED = 64 * 1024;
const LOOK_EVERY = 500;
const QUIET = 1.5; // seconds; the server says something once a second at least
const DEAD = 3;
const OPEN_TIMEOUT = 3_000; // what went into a dead network does not come back
const HANDSHAKE = 1; // seconds that an opening socket is left in peace
const POLICY_VIOLATION = 1008;

/** Seconds of a steady clock. */
const clock = () => performance.now() / 1000;

export class Link {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #ackTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;
  #attempt = 0;
  #closed = false;
  #shown = -1;
  window = new Window();
  #lateness = new Lateness();
  #received = 0;
  /** @type {{ sent: number, at: number } | null} */ #unacked = null;
  #ackedAt = 0;
  #heardAt = 0; // or begun to open
  #lookedAt = clock();
  open = false;

  /** @param {LinkOptions} options */
  constructor(options) {
    this.options = options;
    this.bitrate = new Bitrate(options.startBitrate, options.maxBitrate);
    /** How many pictures share the bitrate. */ this.pictures = 0;
    this.#clock = setInterval(() => this.#look(), LOOK_EVERY);
    this.#connect();
  }

  /** Milliseconds that what comes over the link is on its way from the server, about. */
  get delay() {
    const half = Number.isFinite(this.window.shortest) ? this.window.shortest / 2 : 0;
    return Math.round(1000 * (half + this.#lateness.value));
  }

  /** Whether a picture that is encoded now gets out at once. */
  get ready() {
    const ready = this.open && this.window.open && (this.#socket?.bufferedAmount ?? 0) < MOST_BUFFERED;
    if (this.open) this.bitrate.note(ready);
    return ready;
  }

  /** Bits per second that one picture may take. */
  get share() {
    return this.bitrate.update(this.window.rate, clock()) / Math.max(1, this.pictures);
  }

  /** Sends a frame; sound that does not get out any more is dropped. @param {Frame} frame */
  send(frame) {
    if (!this.open) return;
    const late = this.window.unacked > 2 * this.window.size || (this.#socket?.bufferedAmount ?? 0) > 2 * MOST_BUFFERED;
    if (late && frame.kind === "audio") return;
    const record = encode(frame);
    this.window.add(record.length);
    this.#say(record);
  }

  /** Asks for a keyframe of somebody's track. @param {string} track */
  want(track) {
    if (this.open) this.#say(encode({ type: "wanted", track }));
  }

  /** Tries at once instead of waiting, unless the socket there is leads somewhere, or may in a moment. */
  retry() {
    if (this.#closed || (this.#socket && clock() - this.#heardAt < (this.open ? QUIET : HANDSHAKE))) return;
    this.#attempt = 0;
    this.#again(0);
  }

  close() {
    this.#closed = true;
    clearInterval(this.#clock);
    this.#drop();
  }

  #connect() {
    const Socket = this.options.WebSocket ?? WebSocket;
    const socket = new Socket(this.options.url, this.options.protocols ?? []);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardAt = clock();
    this.#timer = setTimeout(() => this.#again(), OPEN_TIMEOUT);
    socket.onopen = () => socket.send(JSON.stringify({ session: this.options.session }));
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heardAt = clock();
      if (typeof data === "string") this.#begin();
      else this.#take(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      // With no such session there is none until the next welcome, which makes a link of its own.
      if (code === POLICY_VIOLATION && reason === "no-session") this.#drop();
      else this.#again();
      this.options.onchange?.();
    };
  }

  /** Puts another socket in the place of this one. @param {number} [wait] */
  #again(wait = backoff(++this.#attempt) / 2) {
    this.#drop();
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #begin() {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.open = true;
    this.window = new Window();
    this.#lateness = new Lateness();
    this.#received = 0;
    this.options.onopen();
    this.options.onchange?.();
  }

  /** @param {ArrayBuffer} data */
  #take(data) {
    const now = clock();
    const { sent, records, media } = decode(data);
    if (media) {
      this.#received += media;
      this.#unacked = { sent, at: now };
      this.#lateness.add(sent, now);
    }
    for (const record of records) {
      if (record.type === "frame") this.options.onframe(record);
      else if (record.type === "wanted") this.options.onwanted(record.track);
      else this.window.acknowledge(record.received, now - record.echo - record.held, now);
    }
    if (!this.#unacked) return;
    if (now - this.#ackedAt > ACK_WAIT / 1000) this.#say();
    else this.#ackTimer ??= setTimeout(() => this.#say(), ACK_WAIT);
  }

  /** Says these, and what is to be acknowledged with them. @param {...Uint8Array} records */
  #say(...records) {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (!this.open) return;
    const now = clock();
    if (this.#unacked) {
      const { sent: echo, at } = this.#unacked;
      this.#unacked = null;
      this.#ackedAt = now;
      records.push(encode({ type: "ack", echo, held: now - at, received: this.#received }));
    }
    if (records.length) this.#socket?.send(message(now, records));
  }

  /** Gives up a socket over which nothing comes, long before TCP would. */
  #look() {
    const now = clock();
    if (now - this.#lookedAt > DEAD) this.#heardAt = now; // it was this page that slept, not the network
    this.#lookedAt = now;
    if (this.open && now - this.#heardAt >= QUIET) this.options.onsilent?.();
    if (this.open && now - this.#heardAt >= DEAD) this.#again(0);
    const shown = Math.round(this.delay / 5);
    if (shown !== this.#shown) this.options.onchange?.();
    this.#shown = shown;
  }

  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#unacked = null;
    this.open = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
