// The way that pictures and sound take: WebRTC, or the media link over a WebSocket where that finds none.

import { whenAddressed } from "./connection-attempt.js";
import { Connections, configurationOf } from "./connections.js";
import { Standby, linkLoader } from "./link-loader.js";

/**
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").MediaSettings} MediaSettings
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./slots.js").Slot} Slot
 * @typedef {import("./connection-attempt.js").Known} Known
 * @typedef {Known["way"]} Way
 * @typedef {"auto" | Way} Policy
 *
 * @typedef {object} MediaPathOptions
 * @property {MediaSettings} media
 * @property {Policy} policy
 * @property {string} url of the media link
 * @property {string[]} [protocols] by which a guest is let in
 * @property {string} session
 * @property {Known} [known] by the path before, if there was one in this call
 * @property {(message: ClientMessage) => void} send
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} ontracks
 * @property {(error: Error) => void} onerror
 * @property {(id: string, text: string) => void} onwarning without text it is true no longer
 * @property {() => import("./publisher.js").Limits} [limits] of the own camera's picture
 * @property {() => string[]} [flowing] tracks whose pictures have no reason to stand still
 * @property {() => boolean} [online] whether the server is heard from just now
 * @property {() => void} [onsilent] nothing comes, neither over this path nor from the server
 * @property {() => void} onchange the way or its delay changed
 * @property {import("./link-loader.js").LinkLoader} [loader]
 */

const RETURN_WAIT = 60_000; // until WebRTC is tried again that has worked before; doubled, for each try costs some pictures
const NO_PATH = "Pictures and sound find no way to the server; a firewall may be blocking UDP. Still trying.";

/** Whether anything at all can be received or sent over a media link; what exactly, `link-codecs.js` knows. */
const linkable = () => ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"].some((name) => name in globalThis);

/** The media link's address beside the signaling socket's. @param {string} url */
export function mediaUrl(url) {
  const media = new URL(url);
  media.pathname = media.pathname.replace(/\/socket$/, "/media");
  return media.href;
}

/** @param {unknown} value @returns {Policy | null} */
export const policyOf = (value) => (value === "auto" || value === "webrtc" || value === "websocket" ? value : null);

export class MediaPath {
  /** @type {Known} */ known = { worked: false, took: 0, way: "webrtc" };
  /** @type {Connections | null} while WebRTC is the way */ #connections = null;
  /** @type {Way} the way that was last asked for */ #aim = "webrtc";
  /** @type {Map<Slot, { track: MediaStreamTrack | null, muted: boolean }>} */ #published = new Map();
  /** @type {string[]} */ #wanted = [];
  /** @type {(() => void) | null} */ #seeking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #returning;
  #returnWait = RETURN_WAIT;
  #closed = false;

  /** @param {MediaPathOptions} options */
  constructor(options) {
    this.options = options;
    this.standby = new Standby(options, options.loader ?? linkLoader);
    Object.assign(this.known, options.known);
    if (options.policy !== "auto") this.known.way = options.policy;
    if (this.way === "websocket" && !this.#able()) this.known.way = "webrtc";
    this.#aim = this.way;
    if (this.way === "webrtc" || this.standby.ready) this.#make();
    else this.#load();
  }

  get way() {
    return this.known.way;
  }

  /** Milliseconds that pictures and sound are on their way from the server over the link; null over WebRTC. */
  get delay() {
    return this.way === "websocket" ? (this.standby.end?.link.delay ?? null) : null;
  }

  /** @param {Slot} source @param {MediaStreamTrack | null} track @param {boolean} muted */
  async set(source, track, muted) {
    this.#published.set(source, { track, muted });
    return this.#end?.publisher.set(source, track, muted);
  }

  /** @param {Slot} source */
  async remove(source) {
    this.#published.delete(source);
    return this.#end?.publisher.remove(source);
  }

  /** The limits are others now. */
  retune() {
    this.#connections?.publisher.retune().catch(this.options.onerror);
  }

  /** @param {string[]} tracks @param {boolean} again whether to say it even if it has not changed */
  want(tracks, again) {
    if (!again && tracks.join("\n") === this.#wanted.join("\n")) return;
    this.#wanted = tracks;
    this.#connections?.repairs?.keep(tracks);
    this.#subscribe();
  }

  /** Takes a message that is about media. @param {ServerMessage} message */
  handle(message) {
    const { publisher, subscriber } = this.#end ?? {};
    switch (message.type) {
      case "publish-answer":
        publisher?.handleAnswer(message).catch(this.options.onerror);
        break;
      case "offer":
        void subscriber?.handleOffer(message);
        break;
      case "candidate": {
        const end = message.connection === "publish" ? publisher : subscriber;
        end?.handleCandidate(/** @type {RTCIceCandidateInit} */ (message.candidate)).catch(() => {}); // another may do
        break;
      }
      case "restarted":
        this.#connections?.restarted(message.connections);
        if (message.connections.includes("publish")) void publisher?.restart();
        break;
      case "error":
        if (message.about === "publish" || message.about === "publish-link") void publisher?.handleRefusal(message);
    }
  }

  /** What the browser counts of a received track; undefined where it comes over the link. @param {MediaStreamTrack} track */
  async stats(track) {
    return this.#connections?.subscriber.stats(track);
  }

  /** What is counted of all that is sent and received: by the browser, or here where it goes over the link. @returns {Promise<{ reports: RTCStatsReport[], linked: import("./link-player.js").Counted[] }>} */
  async counts() {
    const ends = [this.#end?.publisher, this.#end?.subscriber];
    const reports = await Promise.all(ends.map((end) => (end && "report" in end ? end.report() : undefined)));
    const linked = ends.flatMap((end) => (end && "counted" in end ? end.counted : []));
    return { reports: reports.filter((report) => report !== undefined), linked };
  }

  /** After the signaling socket was replaced. */
  resume() {
    this.standby.end?.link.retry();
    void this.#end?.publisher.resume();
    this.#subscribe();
    this.#connections?.resume();
  }

  /** The network is another one: what found no way before may find one now. */
  retry() {
    this.standby.end?.link.retry();
    if (this.options.policy === "auto" && this.way === "websocket") this.#seek();
  }

  /** Takes another way, without leaving the room. @param {Way} way */
  use(way) {
    this.#aim = way;
    if (way === this.way || this.#closed) return;
    if (way === "websocket" && !this.standby.ready) return this.#load();
    if (way === "webrtc") this.#seekNoMore();
    this.#stop();
    this.known.way = way;
    this.options.send({ type: "restart", connection: "publish" }); // its tracks keep their ids
    this.#make();
    this.#subscribe();
    this.options.onchange();
  }

  close() {
    this.#closed = true;
    this.#seekNoMore();
    this.#stop();
    this.standby.close();
  }

  get #end() {
    return this.way === "webrtc" ? this.#connections : this.standby.end;
  }

  #subscribe() {
    if (this.way === "websocket") return this.standby.end?.subscriber.want(this.#wanted);
    const without = this.#connections?.repairs?.without;
    this.options.send({ type: "subscribe", tracks: this.#wanted.filter((track) => !without?.has(track)) });
  }

  #stop() {
    this.#connections?.close();
    this.#connections = null;
    if (this.way === "websocket") this.standby.rest();
  }

  /** Makes both ends, and has them do what was asked for before. */
  #make() {
    if (this.way === "websocket") this.standby.take();
    else this.#connect();
    for (const [source, { track, muted }] of this.#published) {
      this.#end?.publisher.set(source, track, muted).catch(this.options.onerror);
    }
  }

  /** Goes over to the link as soon as its code is here. */
  #load() {
    this.standby.whenReady(() => {
      if (this.#aim !== "websocket") return;
      if (this.way !== "websocket") return this.use("websocket");
      if (this.standby.end) return;
      this.#make();
      this.#subscribe();
    });
  }

  #connect() {
    const { policy, onwarning } = this.options;
    this.#connections = new Connections({
      ...this.options,
      known: this.known,
      subscribe: () => this.#subscribe(),
      spared: () => this.standby.end?.link.open ?? false,
      ontrouble: () => policy === "auto" && linkable() && this.standby.prepare(),
      onnoway: () => {
        if (!this.#fallBack()) return false;
        if (this.known.worked) {
          this.#returning = setTimeout(() => this.#seek(), this.#returnWait);
          this.#returnWait *= 2;
        }
        return true;
      },
      onnoaddress: () => {
        this.#fallBack();
        this.#seek();
      },
      onlost: () => onwarning("no-path", NO_PATH),
      onconnected: () => {
        this.#aim = "webrtc"; // in time, before the link's code was here
        onwarning("no-path", "");
        if (policy === "auto") this.standby.loadAhead();
      },
    });
  }

  /** @returns {boolean} whether the link is taken */
  #fallBack() {
    if (this.options.policy !== "auto" || !this.#able()) return false;
    this.use("websocket");
    return true;
  }

  #seekNoMore() {
    clearTimeout(this.#returning);
    this.#seeking?.();
    this.#seeking = null;
  }

  /** Takes WebRTC again once there is an address to offer. */
  #seek() {
    this.#seeking ??= whenAddressed(configurationOf(this.options.media), () => {
      this.#seeking = null;
      const before = this.way;
      this.use("webrtc");
      if (before === "webrtc") this.#connections?.afresh();
    });
  }

  /** Says so if not. */
  #able() {
    if (!linkable()) this.options.onwarning("no-path", `Pictures and sound cannot go over a WebSocket here: this browser has no WebCodecs. A newer one does.`);
    return linkable();
  }
}
