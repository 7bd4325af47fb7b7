// The publish connection: one peer connection carries all own tracks; this side offers.

import { connect, disconnect } from "./peer.js";
import { Retry } from "./retry.js";
import { kindOf, sourceOf } from "./slots.js";

/**
 * @typedef {import("./slots.js").Slot} Slot
 * @typedef {import("./protocol.js").TrackDescription} TrackDescription
 * @typedef {import("./protocol.js").PublishAnswer} PublishAnswer
 *
 * @typedef {object} Publication
 * @property {Slot} source
 * @property {MediaStreamTrack | null} track null while the camera is off
 * @property {boolean} muted
 * @property {boolean} announced what the server was last told of `muted`
 * @property {string | null} id the track's id, told by the server
 * @property {RTCRtpTransceiver | null} transceiver
 *
 * @typedef {{ height?: number, maxBitrate?: number, maxFramerate?: number }} Limits of a camera's picture; `height` is
 *   its shorter side
 *
 * @typedef {object} More
 * @property {() => void} onrefused the server failed at an offer a moment ago: a fresh connection is to be made
 * @property {(error: Error) => void} [onerror]
 * @property {number} [maxBitrate] bits per second, of a picture
 * @property {() => Limits} [limits]
 *
 * @typedef {import("./peer.js").PeerOptions & More} PublisherOptions
 */

export class Publisher {
  /** @type {RTCPeerConnection | null} */ #connection = null;
  /** @type {Map<Slot, Publication>} */ #publications = new Map();
  /** @type {RTCIceCandidateInit[]} */ #early = [];
  #retry = new Retry(() => this.options.onrefused());
  #offerId = 0;
  #open = false; // an offer is out, or about to be
  #stale = false; // what is published changed meanwhile

  /** @param {PublisherOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** The connection, for who watches over it. */
  get connection() {
    return this.#connection;
  }

  /** Publishes a track, or puts another in its place without renegotiation. @param {Slot} source @param {MediaStreamTrack | null} track */
  async set(source, track, muted = false) {
    const publication = this.#publications.get(source);
    if (!publication) {
      this.#publications.set(source, { source, track, muted, announced: muted, id: null, transceiver: null });
      return this.negotiate();
    }
    publication.track = track;
    publication.muted = muted;
    await publication.transceiver?.sender.replaceTrack(track);
    this.#announce(publication);
    if (publication.id) await this.#tune(publication); // it may be of another size
  }

  /** Ends a publication. @param {Slot} source */
  async remove(source) {
    const publication = this.#publications.get(source);
    if (!publication) return;
    this.#publications.delete(source);
    if (!publication.transceiver) return;
    publication.transceiver.direction = "inactive";
    await publication.transceiver.sender.replaceTrack(null);
    return this.negotiate();
  }

  /** Offers what is published now; one offer at a time. */
  async negotiate() {
    this.#stale = true;
    if (this.#open) return;
    this.#open = true;
    const before = this.#connection;
    await null; // what is set in one go is offered in one go: a track that an offer leaves out loses its id
    if (before !== this.#connection) return;
    try {
      await this.#offer();
    } catch (error) {
      if (before && before !== this.#connection) return; // it was closed under our hands
      this.#open = false;
      this.options.onerror?.(/** @type {Error} */ (error));
    }
  }

  async #offer() {
    this.#stale = false;
    if (this.#publications.size === 0 && !this.#connection) {
      this.#open = false;
      return;
    }
    const connection = (this.#connection ??= connect("publish", this.options));
    for (const publication of this.#publications.values()) {
      publication.transceiver ??= this.#transceiver(connection, publication);
    }
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    if (connection !== this.#connection) return;
    /** @type {Record<string, TrackDescription>} */
    const tracks = {};
    for (const publication of this.#publications.values()) {
      const mid = publication.transceiver?.mid;
      if (mid === null || mid === undefined) {
        this.#stale = true; // added after the offer was made
        continue;
      }
      tracks[mid] = { source: sourceOf(publication.source), muted: publication.muted };
      publication.announced = publication.muted;
    }
    const sdp = /** @type {RTCSessionDescription} */ (connection.localDescription).sdp;
    this.options.send({ type: "publish", id: ++this.#offerId, sdp, tracks });
  }

  /** @param {PublishAnswer} message */
  async handleAnswer(message) {
    const connection = this.#connection;
    if (!connection || message.id !== this.#offerId || connection.signalingState !== "have-local-offer") return;
    this.#retry.end();
    try {
      await connection.setRemoteDescription({ type: "answer", sdp: message.sdp });
    } catch (error) {
      if (connection !== this.#connection) return;
      this.#open = false; // the next offer may be answered better
      throw error;
    }
    for (const candidate of this.#early.splice(0)) await connection.addIceCandidate(candidate).catch(() => {}); // another may do
    if (connection !== this.#connection) return;
    for (const publication of this.#publications.values()) {
      const mid = publication.transceiver?.mid;
      publication.id = (mid && message.tracks[mid]) ?? publication.id;
      this.#announce(publication);
      await this.#tune(publication);
    }
    this.#open = false;
    if (this.#stale) await this.negotiate();
  }

  /** The limits are others now. */
  async retune() {
    for (const publication of this.#publications.values()) if (publication.id) await this.#tune(publication);
  }

  /**
   * The server refused an offer: the connection stands as it stood. Where the server merely failed, nobody knows how far
   * it came: then all that is published by that time goes over a fresh one in a moment.
   * @param {import("./protocol.js").ErrorMessage} message
   */
  async handleRefusal({ id, code }) {
    const connection = this.#connection;
    if (id !== this.#offerId || !connection || this.#retry.after(code)) return;
    if (connection.signalingState === "have-local-offer") await connection.setLocalDescription({ type: "rollback" });
    if (connection !== this.#connection) return;
    this.#open = false;
    if (this.#stale) await this.negotiate();
  }

  /** @param {RTCIceCandidateInit} candidate */
  async handleCandidate(candidate) {
    if (!this.#connection) return;
    if (this.#connection.remoteDescription) await this.#connection.addIceCandidate(candidate);
    else if (this.#early.length < 64) this.#early.push(candidate);
  }

  /** What the browser counts on this connection. */
  async report() {
    return this.#connection?.getStats();
  }

  /** After the socket was replaced: says again what may have been lost on the way. */
  async resume() {
    if (this.#open) {
      this.#open = false;
      return this.negotiate();
    }
    for (const publication of this.#publications.values()) {
      if (publication.id) this.options.send({ type: "mute", track: publication.id, muted: publication.muted });
    }
  }

  /** Publishes everything anew on a fresh connection. */
  async restart() {
    this.#disconnect();
    return this.negotiate();
  }

  close() {
    this.#retry.end();
    this.#disconnect();
    this.#publications.clear();
  }

  #disconnect() {
    this.#retry.stop();
    disconnect(this.#connection);
    this.#connection = null;
    this.#open = false;
    this.#early = [];
    for (const publication of this.#publications.values()) publication.transceiver = publication.id = null;
  }

  /** @param {RTCPeerConnection} connection @param {Publication} publication */
  #transceiver(connection, { track, source }) {
    const idle = connection.getTransceivers().find((one) => {
      return one.direction === "inactive" && one.sender.track === null && one.receiver.track.kind === kindOf(source);
    });
    if (idle && sourceOf(source) === "screen") {
      idle.direction = "sendonly";
      idle.sender.replaceTrack(track);
      return idle;
    }
    const kind = kindOf(source);
    /** @type {RTCRtpTransceiverInit} */
    const init = { direction: "sendonly" };
    if (kind === "video" && this.options.maxBitrate) init.sendEncodings = [{ maxBitrate: this.options.maxBitrate }];
    return connection.addTransceiver(track ?? kind, init);
  }

  /** When the network or the CPU is short, frames are given up before sharpness. @param {Publication} publication */
  async #tune({ transceiver, source, track }) {
    if (!transceiver || kindOf(source) === "audio") return;
    const limits = (source === "camera" && this.options.limits?.()) || {};
    const { width = 0, height = 0 } = track?.getSettings?.() ?? {};
    const parameters = transceiver.sender.getParameters();
    parameters.degradationPreference = "maintain-resolution"; // or a short start would cost sharpness for half a minute
    for (const encoding of parameters.encodings ?? []) {
      encoding.maxBitrate = limits.maxBitrate ? Math.min(limits.maxBitrate, this.options.maxBitrate ?? Infinity) : this.options.maxBitrate;
      encoding.scaleResolutionDownBy = Math.max(1, limits.height ? Math.min(width, height) / limits.height : 1);
      encoding.maxFramerate = limits.maxFramerate;
    }
    await transceiver.sender.setParameters(parameters).catch(() => {}); // a preference; not every browser has it
  }

  /** @param {Publication} publication */
  #announce(publication) {
    if (!publication.id || publication.announced === publication.muted) return;
    publication.announced = publication.muted;
    this.options.send({ type: "mute", track: publication.id, muted: publication.muted });
  }
}
