// The subscribe connection: the SFU offers, this side answers. Which mid carries which track is told by the offer;
// m-lines are used again for other tracks, so nothing is ever read from track or stream ids.

import { connect, disconnect } from "./peer.js";

/**
 * @typedef {import("./protocol.js").Offer} Offer
 *
 * @typedef {object} More
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} ontracks track id → what is received
 * @property {(error: Error) => void} [onerror]
 *
 * @typedef {import("./peer.js").PeerOptions & More} SubscriberOptions
 */

export class Subscriber {
  /** @type {RTCPeerConnection | null} */ #connection = null;
  /** @type {number | null} */ #connectionId = null;
  /** @type {Record<string, string>} mid → track id */ #mids = {};
  /** @type {RTCIceCandidateInit[]} */ #early = [];
  #queue = Promise.resolve();
  #era = {}; // until the connection is forgotten: what was under way on a closed one may never end

  /** @param {SubscriberOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** The connection, for who watches over it. */
  get connection() {
    return this.#connection;
  }

  /** Which track each m-line carries. */
  get mids() {
    return this.#mids;
  }

  /** Answers offers one after another, in order. @param {Offer} offer */
  handleOffer(offer) {
    const era = this.#era;
    this.#queue = this.#queue.then(async () => {
      try {
        if (era === this.#era) await this.#answer(offer);
      } catch (error) {
        if (era === this.#era) this.options.onerror?.(/** @type {Error} */ (error));
      }
    });
    return this.#queue;
  }

  /** @param {Offer} offer */
  async #answer(offer) {
    if (offer.connectionId !== this.#connectionId) {
      const early = this.#connection ? [] : this.#early;
      this.#disconnect();
      this.#early = early;
      this.#connectionId = offer.connectionId;
      this.#connection = connect("subscribe", this.options);
    }
    const connection = /** @type {RTCPeerConnection} */ (this.#connection);
    // An m-line that changes hands stops showing its former track before it may carry the next one.
    const kept = Object.entries(this.#mids).filter(([mid, track]) => offer.tracks[mid] === track);
    if (kept.length < Object.keys(this.#mids).length) this.#show(connection, Object.fromEntries(kept));
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    if (connection !== this.#connection) return;
    for (const candidate of this.#early.splice(0)) await connection.addIceCandidate(candidate);
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    if (connection !== this.#connection) return;
    const sdp = /** @type {RTCSessionDescription} */ (connection.localDescription).sdp;
    this.options.send({ type: "offer-answer", id: offer.id, sdp });
    this.#show(connection, offer.tracks);
  }

  /** @param {RTCIceCandidateInit} candidate */
  async handleCandidate(candidate) {
    if (this.#connection?.remoteDescription) await this.#connection.addIceCandidate(candidate);
    else if (this.#early.length < 64) this.#early.push(candidate);
  }

  /** The browser's statistics of a received track. @param {MediaStreamTrack} track */
  async stats(track) {
    return this.#connection?.getReceivers().find((receiver) => receiver.track === track)?.getStats();
  }

  /** What the browser counts on this connection. */
  async report() {
    return this.#connection?.getStats();
  }

  /** Forgets the connection; a fresh offer makes the next one. */
  reset() {
    this.close();
    this.options.ontracks(new Map());
  }

  close() {
    this.#disconnect();
    this.#queue = Promise.resolve();
    this.#era = {};
  }

  /** @param {RTCPeerConnection} connection @param {Record<string, string>} mids */
  #show(connection, mids) {
    this.#mids = mids;
    /** @type {Map<string, MediaStreamTrack>} */
    const tracks = new Map();
    for (const { mid, receiver } of connection.getTransceivers()) {
      if (mid === null || !Object.hasOwn(mids, mid)) continue;
      // A call wants the newest picture, not the smoothest; the network's own jitter is still waited for.
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      tracks.set(mids[mid], receiver.track);
    }
    this.options.ontracks(tracks);
  }

  #disconnect() {
    disconnect(this.#connection);
    this.#connection = null;
    this.#connectionId = null;
    this.#mids = {};
    this.#early = [];
  }
}
