// The way that pictures and sound take: WebRTC, or the media link over a WebSocket where that finds none.

import { Publisher } from "./publisher.js";
import { Subscriber } from "./subscriber.js";
import { Watchdog } from "./watchdog.js";

/**
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").ConnectionName} ConnectionName
 * @typedef {import("./protocol.js").MediaSettings} MediaSettings
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./slots.js").Slot} Slot
 * @typedef {import("./link-connections.js").LinkPublisher} LinkPublisher
 * @typedef {import("./link-connections.js").LinkSubscriber} LinkSubscriber
 * @typedef {"webrtc" | "websocket"} Way
 * @typedef {"auto" | Way} Policy
 *
 * @typedef {object} MediaPathOptions
 * @property {MediaSettings} media
 * @property {Policy} policy
 * @property {string} url of the media link
 * @property {string[]} [protocols] by which a guest is let in
 * @property {string} session
 * @property {(message: ClientMessage) => void} send
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} ontracks
 * @property {(error: Error) => void} onerror
 * @property {(id: string, text: string) => void} onwarning
 * @property {() => string[]} [flowing] tracks whose pictures have no reason to stand still
 * @property {() => boolean} [online] whether the server is heard from just now
 * @property {() => void} [onsilent] nothing comes, neither over this path nor from the server
 * @property {() => void} onchange the way or its delay changed
 */

export const PATIENCE = 3_000;
const LOAD_AGAIN = 2_000;
const AGAIN_PATIENCE = 2_000; // for what connected before: it takes a fraction of that
const SHORTEST_PATIENCE = 1_000;
const NO_NETWORK = 600; // without a candidate: a browser takes a moment to notice that it has a network again
const PATIENT = 6; // times as long as it took before
const RENEW_WAIT = 3_000; // doubled each time that it did not help: a machine may be slow
const WITHOUT = 400; // enough for the SFU to have offered less
const REPAIR_WAIT = 4_000;
const LONGEST_REPAIR_WAIT = 300_000;
const RESTART_WAIT = [0, 1_000, 3_000, 5_000];
const NO_PATH = "Pictures and sound find no way to the server; a firewall may be blocking UDP. Still trying.";

/** @typedef {typeof import("./link-code.js")} LinkCode */

/** @type {LinkCode | null} the link's code, once it was needed */
let linkCode = null;

async function loadLink() {
  linkCode ??= await import("./link-code.js");
}

/** What this browser lacks for a media link; empty if nothing. */
export function lacks() {
  const needed = ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"];
  return needed.filter((name) => !(name in globalThis)).join(", ");
}

/** The media link's address beside the signaling socket's. @param {string} url */
export function mediaUrl(url) {
  const media = new URL(url);
  media.pathname = media.pathname.replace(/\/socket$/, "/media");
  return media.href;
}

/** @param {unknown} value @returns {Policy | null} */
export const policyOf = (value) => (value === "auto" || value === "webrtc" || value === "websocket" ? value : null);

export class MediaPath {
  /** @type {Way} */ way = "webrtc";
  /** @type {import("./link.js").Link | null} */ #link = null;
  /** @type {Way} the way that was last asked for */ #aim = "webrtc";
  /** @type {Publisher | LinkPublisher | null} */ #publisher = null;
  /** @type {Subscriber | LinkSubscriber | null} */ #subscriber = null;
  /** @type {Map<Slot, { track: MediaStreamTrack | null, muted: boolean }>} */ #published = new Map();
  /** @type {string[]} */ #wanted = [];
  /** @type {Record<ConnectionName, number>} */ #failures = { publish: 0, subscribe: 0 };
  /** @type {Set<ReturnType<typeof setTimeout>>} */ #timers = new Set();
  /** @type {RTCPeerConnection[]} the newest two */ #connections = [];
  /** @type {Record<ConnectionName, number>} when each was last made anew */ #renewed = { publish: 0, subscribe: 0 };
  /** @type {Watchdog | null} */ #watchdog = null;
  /** @type {Record<ConnectionName, number>} */ #renewWait = { publish: 0, subscribe: 0 };
  /** @type {Map<string, { at: number, wait: number }>} */ #repaired = new Map();
  /** @type {Set<string>} tracks that are not asked for, for a moment */ #without = new Set();
  #worked = false; // whether WebRTC ever found a way here
  #took = 0; // milliseconds that the last connection took
  #closed = false;

  /** @param {MediaPathOptions} options */
  constructor(options) {
    this.options = options;
    if (options.policy === "websocket" && this.#able()) this.way = this.#aim = "websocket";
    if (this.way === "webrtc") this.#makeConnections();
    else this.#loadLink();
  }

  /** Milliseconds that pictures and sound are on their way from the server over the link; null over WebRTC. */
  get delay() {
    return this.#link ? this.#link.delay : null;
  }

  /** @param {Slot} source @param {MediaStreamTrack | null} track @param {boolean} muted */
  async set(source, track, muted) {
    this.#published.set(source, { track, muted });
    return this.#publisher?.set(source, track, muted);
  }

  /** @param {Slot} source */
  async remove(source) {
    this.#published.delete(source);
    return this.#publisher?.remove(source);
  }

  /** @param {string[]} tracks @param {boolean} again whether to say it even if it has not changed */
  want(tracks, again) {
    if (!again && tracks.join("\n") === this.#wanted.join("\n")) return;
    this.#wanted = tracks;
    this.#subscribe();
  }

  /** Takes a message that is about media. @param {ServerMessage} message */
  handle(message) {
    switch (message.type) {
      case "publish-answer":
        this.#publisher?.handleAnswer(message).catch(this.options.onerror);
        break;
      case "offer":
        void this.#subscriber?.handleOffer(message);
        break;
      case "candidate": {
        const end = message.connection === "publish" ? this.#publisher : this.#subscriber;
        end?.handleCandidate(/** @type {RTCIceCandidateInit} */ (message.candidate)).catch(() => {}); // another may do
        break;
      }
      case "restarted":
        for (const name of message.connections) {
          this.#renewed[name] = Date.now(); // it is being made anew
          this.#renewWait[name] = RENEW_WAIT;
        }
        if (message.connections.includes("publish")) void this.#publisher?.restart();
        break;
      case "error":
        if (message.about === "publish" || message.about === "publish-link") void this.#publisher?.handleRefusal(message.id);
    }
  }

  /** What the browser counts of a received track; undefined where it comes over the link. @param {MediaStreamTrack} track */
  async stats(track) {
    return this.#subscriber instanceof Subscriber ? this.#subscriber.stats(track) : undefined;
  }

  /** The candidate pairs in use, as the browser's statistics have them. @returns {Promise<{ local: any, remote: any }[]>} */
  async pairs() {
    const found = [];
    for (const connection of this.#connections) {
      if (connection.connectionState !== "connected") continue;
      const stats = await connection.getStats();
      for (const one of stats.values()) {
        if (one.type !== "candidate-pair" || !one.nominated || one.state !== "succeeded") continue;
        const local = stats.get(one.localCandidateId);
        const remote = stats.get(one.remoteCandidateId);
        if (local && remote) found.push({ local, remote });
      }
    }
    return found;
  }

  /** What is counted of all that is sent and received: by the browser, or here where it goes over the link. @returns {Promise<{ reports: RTCStatsReport[], linked: import("./link-player.js").Counted[] }>} */
  async counts() {
    const ends = [this.#publisher, this.#subscriber];
    const reports = await Promise.all(ends.map((end) => (end && "report" in end ? end.report() : undefined)));
    const linked = ends.flatMap((end) => (end && "counted" in end ? end.counted : []));
    return { reports: reports.filter((report) => report !== undefined), linked };
  }

  /** After the signaling socket was replaced. */
  resume() {
    void this.#publisher?.resume();
    this.#subscribe();
    for (const name of /** @type {ConnectionName[]} */ (["publish", "subscribe"])) {
      const connection = this.#connection(name);
      const state = connection?.connectionState;
      if (state === "disconnected" || state === "failed" || this.#watchdog?.quiet(connection)) this.#renew(name);
    }
  }

  /** The network is another one: what found no way before may find one now. */
  retry() {
    this.#link?.retry();
    if (this.options.policy === "auto" && this.way === "websocket") this.use("webrtc");
  }

  /** Takes another way, without leaving the room. @param {Way} way */
  use(way) {
    this.#aim = way;
    if (way === this.way || this.#closed) return;
    if (way === "websocket" && !linkCode) return this.#loadLink();
    this.way = way;
    this.#stop();
    this.options.send({ type: "restart", connection: "publish" }); // its tracks keep their ids
    this.#make();
    this.#subscribe();
    this.options.onchange();
  }

  close() {
    this.#closed = true;
    this.#stop();
  }

  /** @param {ConnectionName} name */
  #connection(name) {
    const end = name === "publish" ? this.#publisher : this.#subscriber;
    return end instanceof Publisher || end instanceof Subscriber ? end.connection : null;
  }

  /** Makes a connection anew that leads nowhere any more, once the server is heard from. @param {ConnectionName} name */
  #renew(name) {
    if (this.#closed || this.way !== "webrtc") return;
    if (this.options.online?.() === false) return this.options.onsilent?.(); // `resume` sees to it
    const now = Date.now();
    if (now - this.#renewed[name] > 30_000) this.#renewWait[name] = 0;
    const wait = this.#renewed[name] + this.#renewWait[name] - now;
    if (wait > 0) {
      const lame = this.#connection(name);
      const again = () => this.#connection(name) === lame && lame?.connectionState === "failed" && this.#renew(name);
      if (lame?.connectionState === "failed") this.#after(wait, again); // which is said once
      return;
    }
    this.#renewWait[name] = 2 * this.#renewWait[name] || RENEW_WAIT;
    this.#renewed[name] = now;
    this.options.send({ type: "restart", connection: name });
    if (name === "publish") void this.#publisher?.restart();
    // The last picture stays until the next connection has one.
  }

  /** Has tracks sent by another m-line or stream: what stands still may be any part of the way. @param {string[]} mids */
  #repair(mids) {
    const now = Date.now();
    const tracks = mids.flatMap((mid) => (this.#subscriber instanceof Subscriber && this.#subscriber.mids[mid]) || []);
    const due = tracks.filter((track) => {
      const { at, wait } = this.#repaired.get(track) ?? { at: 0, wait: REPAIR_WAIT / 2 };
      if (now - at < wait) return false;
      this.#repaired.set(track, { at: now, wait: Math.min(2 * wait, LONGEST_REPAIR_WAIT) });
      return true;
    });
    if (!due.length || this.#without.size) return;
    this.#without = new Set(due);
    this.#subscribe();
    this.#after(WITHOUT, () => {
      this.#without.clear();
      this.#subscribe();
    });
  }

  #subscribe() {
    if (this.#subscriber && "want" in this.#subscriber) this.#subscriber.want(this.#wanted);
    /** @type {import("./protocol.js").Subscribe} */
    const message = { type: "subscribe", tracks: this.#wanted.filter((track) => !this.#without.has(track)) };
    this.options.send(this.way === "websocket" ? { ...message, link: true } : message);
  }

  #stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#without.clear();
    this.#watchdog?.close();
    this.#watchdog = null;
    this.#publisher?.close();
    this.#subscriber?.close();
    this.#link?.close();
    this.#link = null;
  }

  /** Makes both ends, and has them do what was asked for before. */
  #make() {
    if (this.way === "websocket") this.#makeLink(/** @type {LinkCode} */ (linkCode));
    else this.#makeConnections();
    for (const [source, { track, muted }] of this.#published) {
      this.#publisher?.set(source, track, muted).catch(this.options.onerror);
    }
  }

  /** Goes over to the link as soon as its code is here. */
  #loadLink() {
    const wanted = () => !this.#closed && this.#aim === "websocket" && !this.#link;
    loadLink().then(() => {
      if (!wanted()) return;
      if (this.way !== "websocket") return this.use("websocket");
      this.#make();
      this.#subscribe();
    }, () => this.#after(LOAD_AGAIN, () => wanted() && this.#loadLink())); // the server is away
  }

  /** @param {LinkCode} code */
  #makeLink({ Link, LinkPublisher, LinkSubscriber }) {
    const { media, url, protocols, session, send, onerror, ontracks, onchange } = this.options;
    const { startBitrate = 1_500_000, maxBitrate = 2_500_000 } = media;
    const link = new Link({
      url, protocols, session, startBitrate, maxBitrate, onchange,
      onopen: () => publisher.opened(),
      onframe: (frame) => subscriber.take(frame),
      onwanted: (track) => publisher.want(track),
    });
    const publisher = new LinkPublisher(link, { send, onerror });
    const subscriber = new LinkSubscriber(link, ontracks);
    this.#link = link;
    this.#publisher = publisher;
    this.#subscriber = subscriber;
  }

  #makeConnections() {
    const { media, send, onerror, ontracks } = this.options;
    /** @type {RTCConfiguration} */
    const configuration = {
      bundlePolicy: "max-bundle",
      iceServers: /** @type {RTCIceServer[]} */ (media.iceServers ?? []),
      iceTransportPolicy: media.iceTransportPolicy ?? "all",
    };
    this.#watchdog = new Watchdog({
      connection: (name) => this.#connection(name),
      onquiet: () => this.options.onsilent?.(),
      onsilent: (name) => this.#renew(name),
      onstuck: (mids) => this.#repair(mids),
      flowing: () => {
        const tracks = this.options.flowing?.() ?? [];
        const mids = this.#subscriber instanceof Subscriber ? Object.entries(this.#subscriber.mids) : [];
        return mids.flatMap(([mid, track]) => (tracks.includes(track) ? mid : []));
      },
    });
    const shared = { createConnection: () => this.#watched(new RTCPeerConnection(configuration)), send, onerror };
    this.#publisher = new Publisher({ ...shared, maxBitrate: media.maxBitrate, onfailed: () => this.#failed("publish") });
    this.#subscriber = new Subscriber({
      ...shared,
      ontracks: (tracks) => {
        this.#failures.subscribe = 0;
        ontracks(tracks);
      },
      onfailed: () => this.#failed("subscribe"),
    });
  }

  /** Gives up on a connection whose ICE finds no pair in time. @param {RTCPeerConnection} connection */
  #watched(connection) {
    this.#connections = [...this.#connections, connection].slice(-2);
    const patience = this.#worked ? Math.min(AGAIN_PATIENCE, Math.max(SHORTEST_PATIENCE, PATIENT * this.#took)) : PATIENCE;
    let begun = 0; // when both sides were described
    let found = false; // an address of this machine's
    const there = () => connection.iceConnectionState === "connected" || connection.iceConnectionState === "completed";
    this.#after((2 * patience) / 3, () => { // the link's code is here by the time that it is needed, then
      if (this.options.policy === "auto" && connection.remoteDescription && !there()) loadLink().catch(() => {}); // asked for again then
    });
    const check = () => {
      this.#timers.delete(timer);
      if (this.#closed || this.way !== "webrtc" || connection.signalingState === "closed" || there()) return;
      // The other side's description may not be here yet: then there is nothing that could have failed.
      if (connection.remoteDescription && found) begun ||= Date.now();
      const left = this.#worked ? begun + patience - Date.now() : 0;
      if (!connection.remoteDescription || this.options.online?.() === false) timer = this.#after(PATIENCE / 3, check);
      else if (this.#worked && !found) this.#afresh(connection);
      else if (left > 0) timer = this.#after(left, check);
      else this.#fallBack();
    };
    let timer = this.#after(this.#worked ? NO_NETWORK : patience, check);
    connection.addEventListener?.("icecandidate", ({ candidate }) => {
      found ||= !!candidate?.candidate;
    });
    connection.addEventListener?.("iceconnectionstatechange", () => {
      if (connection.iceConnectionState === "checking") begun ||= Date.now();
    });
    connection.addEventListener?.("connectionstatechange", () => {
      if (connection.connectionState !== "connected") return;
      this.#took = Date.now() - begun;
      this.#worked = true;
    });
    return connection;
  }

  /** Makes a connection anew that was made before there was a network. @param {RTCPeerConnection} connection */
  #afresh(connection) {
    for (const name of /** @type {ConnectionName[]} */ (["publish", "subscribe"])) {
      if (this.#connection(name) !== connection) continue;
      this.#renewed[name] = Date.now();
      this.options.send({ type: "restart", connection: name });
      if (name === "publish") void /** @type {Publisher} */ (this.#publisher).restart();
    }
  }

  /** @param {number} milliseconds @param {() => void} work */
  #after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  /** @returns {boolean} whether another way was taken */
  #fallBack() {
    if (this.options.policy !== "auto" || !this.#able()) return false;
    this.use("websocket");
    return true;
  }

  #able() {
    const missing = lacks();
    if (!missing) return true;
    this.options.onwarning("no-path", `Pictures and sound cannot go over a WebSocket here: this browser has no ${missing}.`);
    return false;
  }

  /** A connection failed for good: asks for a fresh one, ever more patiently. @param {ConnectionName} connection */
  #failed(connection) {
    if (this.#worked) return this.#renew(connection); // what it makes falls back if it finds no way any more
    if (this.#fallBack()) return;
    const count = this.#failures[connection]++;
    if (count > 0) this.options.onwarning("no-path", NO_PATH);
    this.#after(RESTART_WAIT[Math.min(count, RESTART_WAIT.length - 1)], () => {
      if (this.#closed || this.way !== "webrtc") return;
      this.options.send({ type: "restart", connection });
      if (connection === "publish") void this.#publisher?.restart();
      else this.#subscriber?.reset();
    });
  }
}
