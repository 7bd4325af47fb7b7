// The way by WebRTC: both peer connections, watched over, and made anew where they lead nowhere any more. What watches
// over them is loaded in their first seconds, in which they are only just being made; what mends pictures, when one
// stands still.

import { Attempt } from "./connection-attempt.js";
import { loader } from "./loader.js";
import { Publisher } from "./publisher.js";
import { Subscriber } from "./subscriber.js";

/**
 * @typedef {import("./protocol.js").ConnectionName} ConnectionName
 *
 * @typedef {object} ConnectionsOptions
 * @property {import("./protocol.js").MediaSettings} media
 * @property {import("./connection-attempt.js").Known} known
 * @property {(message: import("./protocol.js").ClientMessage) => void} send
 * @property {() => void} subscribe says what is wanted now
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} ontracks
 * @property {(error: Error) => void} onerror
 * @property {() => import("./publisher.js").Limits} [limits] of the own camera's picture
 * @property {() => string[]} [flowing] tracks whose pictures have no reason to stand still
 * @property {() => boolean} [online] whether the server is heard from just now
 * @property {() => void} [onsilent] nothing comes, neither over this path nor from the server
 * @property {() => boolean} [spared] whether another way is open already
 * @property {() => void} onconnected
 * @property {() => void} ontrouble another way may be needed soon
 * @property {() => boolean} onnoway there is none by WebRTC; returns whether another is taken
 * @property {() => void} onnoaddress there is none for now: this machine has no address to offer
 * @property {() => void} onlost there was one before, and none is found again and again
 */

const watchdogs = loader("watchdog.js", () => import("./watchdog.js"));
const mending = loader("connection-repairs.js", () => import("./connection-repairs.js"));
/** @type {ConnectionName[]} */ const BOTH = ["publish", "subscribe"];
const LOAD_AGAIN = 3_000; // milliseconds
const RENEW_WAIT = 3_000; // doubled each time that it did not help: a machine may be slow
const ASKED = 300; // milliseconds in which a server that is there has answered
const RESTART_WAIT = [0, 1_000, 3_000, 5_000];

/** @param {import("./protocol.js").MediaSettings} media @returns {RTCConfiguration} */
export const configurationOf = (media) => ({
  bundlePolicy: "max-bundle",
  iceServers: /** @type {RTCIceServer[]} */ (media.iceServers ?? []),
  iceTransportPolicy: media.iceTransportPolicy ?? "all",
});

export class Connections {
  /** @type {Attempt[]} of the newest two connections */ #attempts = [];
  /** @type {Set<ReturnType<typeof setTimeout>>} */ #timers = new Set();
  /** @type {Record<ConnectionName, number>} when each was last made anew */ #renewed = { publish: 0, subscribe: 0 };
  /** @type {Record<ConnectionName, number>} */ #renewWait = { publish: 0, subscribe: 0 };
  /** @type {Record<ConnectionName, number>} */ #failures = { publish: 0, subscribe: 0 };
  /** @type {import("./watchdog.js").Watchdog | null} */ #watchdog = null;
  /** @type {import("./connection-repairs.js").Repairs | null} */ repairs = null;
  #patient = false; // the SFU is another one, as far as is known
  #closed = false;

  /** @param {ConnectionsOptions} options */
  constructor(options) {
    this.options = options;
    const { media, send, onerror, ontracks, limits } = options;
    const shared = { createConnection: () => this.#attempt(new RTCPeerConnection(configurationOf(media))), send, onerror };
    this.publisher = new Publisher({
      ...shared, maxBitrate: media.maxBitrate, limits,
      onfailed: () => this.#failed("publish"),
      onrefused: () => this.#restart("publish"),
    });
    this.subscriber = new Subscriber({
      ...shared,
      ontracks: (tracks) => {
        this.#failures.subscribe = 0;
        ontracks(tracks);
      },
      onfailed: () => this.#failed("subscribe"),
    });
    void this.#watch();
  }

  /** The server lost these connections. @param {ConnectionName[]} names */
  restarted(names) {
    this.#patient = true;
    for (const name of names) {
      this.#renewed[name] = Date.now(); // it is being made anew
      this.#renewWait[name] = RENEW_WAIT;
    }
  }

  /** After the signaling socket was replaced. */
  resume() {
    for (const name of BOTH) {
      const connection = this.#connection(name);
      const state = connection?.connectionState;
      if (state === "disconnected" || state === "failed" || this.#watchdog?.quiet(connection)) {
        this.options.ontrouble();
        this.#renew(name);
      }
    }
  }

  /** Connections that were made before there was a network find no way in it: makes others. */
  afresh() {
    for (const name of BOTH) if (this.#connection(name)?.connectionState !== "connected") this.#restart(name);
  }

  close() {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const attempt of this.#attempts) attempt.close();
    this.repairs?.close();
    this.#watchdog?.close();
    this.publisher.close();
    this.subscriber.close();
  }

  /** Begins to watch over both. */
  async #watch() {
    try {
      const { Watchdog } = await watchdogs.get();
      if (this.#closed) return;
      const { options, subscriber } = this;
      this.#watchdog = new Watchdog({
        connection: (name) => this.#connection(name),
        onquiet: () => {
          options.onsilent?.();
          this.#after(ASKED, () => this.#reachable && options.ontrouble());
        },
        onsilent: (name) => this.#renew(name),
        onstuck: (mids) => void this.#repair(mids.flatMap((mid) => subscriber.mids[mid] || [])),
        flowing: () => {
          const tracks = options.flowing?.() ?? [];
          return Object.entries(subscriber.mids).flatMap(([mid, track]) => (tracks.includes(track) ? mid : []));
        },
      });
    } catch {
      if (!this.#closed) this.#after(LOAD_AGAIN, () => void this.#watch()); // the server is away
    }
  }

  /** @param {string[]} tracks whose pictures stand still */
  async #repair(tracks) {
    const { Repairs } = await mending.get().catch(() => ({ Repairs: null })); // the server is away; they will stand a while
    if (this.#closed || !Repairs) return;
    this.repairs ??= new Repairs(this.options.subscribe);
    this.repairs.repair(tracks);
  }

  get #reachable() {
    return this.options.online?.() !== false;
  }

  /** @param {ConnectionName} name */
  #connection(name) {
    return (name === "publish" ? this.publisher : this.subscriber).connection;
  }

  /** @param {number} milliseconds @param {() => void} work */
  #after(milliseconds, work) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }

  /** Makes a connection anew that leads nowhere any more, once the server is heard from. @param {ConnectionName} name */
  #renew(name) {
    if (this.#closed) return;
    const lame = this.#connection(name);
    const wait = this.#untilRenewal(name, lame);
    if (wait <= 0) return this.#restart(name);
    // A failure is said once, silence again and again; and `resume` sees to what a new socket finds.
    if (lame?.connectionState === "failed") this.#after(wait, () => this.#connection(name) === lame && this.#renew(name));
  }

  /** @param {ConnectionName} name @param {RTCPeerConnection | null} lame */
  #untilRenewal(name, lame) {
    if (!this.#reachable) {
      this.options.onsilent?.();
      return ASKED;
    }
    const now = Date.now();
    if (this.#watchdog?.lively(lame) || now - this.#renewed[name] > 30_000) this.#renewWait[name] = 0; // it did help
    const wait = this.#renewed[name] + this.#renewWait[name] - now;
    if (wait <= 0) this.#renewWait[name] = 2 * this.#renewWait[name] || RENEW_WAIT;
    return wait;
  }

  /** The last picture stays until the next connection has one. @param {ConnectionName} name */
  #restart(name) {
    this.#renewed[name] = Date.now();
    this.#patient = false;
    this.options.send({ type: "restart", connection: name });
    if (name === "publish") void this.publisher.restart();
  }

  /** @param {RTCPeerConnection} connection */
  #attempt(connection) {
    const { known, online, spared, ontrouble, onnoway, onnoaddress, onconnected } = this.options;
    const attempt = new Attempt(connection, {
      known, online, spared, onconnected, onnoway, onnoaddress,
      patient: this.#patient,
      onlate: ontrouble,
    });
    this.#attempts = [...this.#attempts, attempt].slice(-2);
    return connection;
  }

  /** A connection failed for good: asks for a fresh one, ever more patiently. @param {ConnectionName} connection */
  #failed(connection) {
    if (this.options.known.worked) return this.#renew(connection); // what it makes falls back if it finds no way any more
    if (this.options.onnoway()) return;
    const count = this.#failures[connection]++;
    if (count > 0) this.options.onlost();
    this.#after(RESTART_WAIT[Math.min(count, RESTART_WAIT.length - 1)], () => {
      if (this.#closed) return;
      this.#restart(connection);
      if (connection === "subscribe") this.subscriber.reset();
    });
  }
}
