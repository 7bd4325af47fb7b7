// What a call publishes and receives over the media link, with the same faces as Publisher and Subscriber.

import { PicturePlayer, SoundPlayer } from "./link-player.js";
import { PictureSender, SoundSender } from "./link-sender.js";
import { Retry } from "./retry.js";
import { kindOf, sourceOf } from "./slots.js";

/**
 * @typedef {import("./link.js").Link} Link
 * @typedef {import("./link-wire.js").Frame} Frame
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").Kind} Kind
 * @typedef {import("./protocol.js").PublishAnswer} PublishAnswer
 * @typedef {import("./slots.js").Slot} Slot
 * @typedef {import("./protocol.js").TrackDescription} TrackDescription
 *
 * @typedef {object} LinkPublication
 * @property {Slot} source
 * @property {MediaStreamTrack | null} track
 * @property {boolean} muted
 * @property {boolean} announced
 * @property {string | null} id
 * @property {import("./link-sender.js").Sender | null} sender
 *
 * @typedef {object} PublisherOptions
 * @property {import("./link-codecs.js").Codecs} codecs
 * @property {(message: ClientMessage) => void} send
 * @property {(kind: Kind, error: Error) => void} onfailed it is not coded after all
 *
 * @typedef {PublisherOptions & { ontracks: (tracks: Map<string, MediaStreamTrack>) => void }} SubscriberOptions
 */

/** What is sent of a publication: of a muted one, nothing. @param {LinkPublication} publication */
const heard = ({ track, muted }) => (muted ? null : track);

export class LinkPublisher {
  /** @type {Map<Slot, LinkPublication>} */ #publications = new Map();
  #retry = new Retry(() => void this.negotiate());
  #requests = 0;
  #asking = false;
  #closed = false;

  /** @param {Link} link @param {PublisherOptions} options */
  constructor(link, options) {
    this.link = link;
    this.options = options;
  }

  /** @param {Slot} source @param {MediaStreamTrack | null} track */
  async set(source, track, muted = false) {
    const publication = this.#publications.get(source);
    if (!publication) {
      this.#publications.set(source, { source, track, muted, announced: muted, id: null, sender: null });
      return this.negotiate();
    }
    const before = heard(publication);
    publication.track = track;
    publication.muted = muted;
    if (before !== heard(publication)) publication.sender?.setTrack(heard(publication));
    this.#announce(publication);
  }

  /** @param {Slot} source */
  async remove(source) {
    const publication = this.#publications.get(source);
    if (!publication) return;
    this.#publications.delete(source);
    publication.sender?.close();
    return this.negotiate();
  }

  /** Says what is published now; the newest answer counts. */
  async negotiate() {
    if (this.#asking) return;
    this.#asking = true;
    await null; // what is set in one go is said in one go: a track that is left out loses its id
    this.#asking = false;
    if (this.#closed) return;
    /** @type {Record<string, TrackDescription>} */ const tracks = {};
    /** @type {Record<string, Kind>} */ const kinds = {};
    for (const publication of this.#publications.values()) {
      const { source } = publication;
      const muted = (publication.announced = this.#silent(publication));
      tracks[source] = { source: sourceOf(source), muted };
      kinds[source] = kindOf(source);
    }
    this.options.send({ type: "publish-link", id: ++this.#requests, kinds, tracks });
  }

  /** What was sent of each track. */
  get counted() {
    return [...this.#publications.values()].flatMap(({ sender }) => sender?.counted ?? []);
  }

  /** @param {PublishAnswer} message */
  async handleAnswer({ id, tracks }) {
    if (id !== this.#requests) return;
    this.#retry.end();
    for (const publication of this.#publications.values()) {
      const given = tracks[publication.source];
      if (given && given !== publication.id) this.#send(publication, given);
      this.#announce(publication);
    }
  }

  /** @param {import("./protocol.js").ErrorMessage} message */
  async handleRefusal({ id, code }) {
    if (id === this.#requests && !this.#closed) this.#retry.after(code);
  }

  async handleCandidate() {}

  /** A keyframe of one's own track is wanted. @param {string} track */
  want(track) {
    for (const { id, sender } of this.#publications.values()) if (id === track) sender?.want();
  }

  /** The link was opened afresh: every picture begins at a keyframe. */
  opened() {
    for (const { sender } of this.#publications.values()) sender?.want();
  }

  /** The browser has said what it can encode: what it cannot is off to others. */
  settle() {
    for (const publication of this.#publications.values()) {
      if (!this.options.codecs.canSend(kindOf(publication.source))) {
        publication.sender?.close();
        publication.sender = null;
      }
      this.#announce(publication);
    }
  }

  async resume() {
    return this.negotiate();
  }

  async restart() {
    return this.negotiate();
  }

  close() {
    this.#closed = true;
    this.#retry.end();
    for (const { sender } of this.#publications.values()) sender?.close();
    this.#publications.clear();
  }

  /** @param {LinkPublication} publication @param {string} id */
  #send(publication, id) {
    publication.sender?.close();
    publication.id = id;
    publication.sender = null;
    const kind = kindOf(publication.source);
    if (!this.options.codecs.canSend(kind)) return;
    const Sender = kind === "video" ? PictureSender : SoundSender;
    publication.sender = new Sender(this.link, id, (error) => {
      this.options.onfailed(kind, error);
      this.#announce(publication);
    });
    publication.sender.setTrack(heard(publication));
  }

  /** Whether others are told that nothing comes, now: what this browser cannot encode is off to them. @param {LinkPublication} publication */
  #silent({ source, muted, sender }) {
    return muted || !this.options.codecs.canSend(kindOf(source)) || !!sender?.broken;
  }

  /** @param {LinkPublication} publication */
  #announce(publication) {
    const muted = this.#silent(publication);
    if (!publication.id || publication.announced === muted) return;
    publication.announced = muted;
    this.options.send({ type: "mute", track: publication.id, muted });
  }
}

export class LinkSubscriber {
  /** @type {Map<string, import("./link-player.js").Player>} */ #players = new Map();
  /** @type {Set<string>} */ #wanted = new Set();
  /** @type {Set<string>} those of them that this browser cannot decode */ #without = new Set();

  /** @param {Link} link @param {SubscriberOptions} options */
  constructor(link, options) {
    this.link = link;
    this.options = options;
  }

  /** Asks for these tracks, and keeps nothing of others. @param {string[]} tracks */
  want(tracks) {
    this.#wanted = new Set(tracks);
    for (const id of this.#without) if (!this.#wanted.has(id)) this.#without.delete(id);
    this.#drop([...this.#players.keys()].filter((id) => !this.#wanted.has(id)));
    this.#subscribe();
  }

  /** The browser has said what it can decode: the rest would only take the room of what it can. */
  settle() {
    const { codecs } = this.options;
    const vain = [...this.#players].flatMap(([id, { counted }]) => (codecs.canReceive(counted.kind) ? [] : id));
    this.#drop(vain);
    this.#refuse(vain);
  }

  /** What was received of each track. */
  get counted() {
    return [...this.#players.values()].map(({ track, counted }) => ({ ...counted, track: track.id, delay: this.link.delay }));
  }

  /** @param {Frame} frame */
  take(frame) {
    const { track, kind } = frame;
    if (!this.#wanted.has(track) || this.#without.has(track)) return;
    if (!this.options.codecs.canReceive(kind)) return this.#refuse([track]);
    let player = this.#players.get(track);
    if (!player) {
      const onfailed = (/** @type {Error} */ error) => this.options.onfailed(kind, error);
      player = kind === "video" ? new PicturePlayer(() => this.link.want(track), onfailed) : new SoundPlayer(onfailed);
      this.#players.set(track, player);
      this.#show();
    }
    player.take(frame);
  }

  async handleOffer() {}

  async handleCandidate() {}

  reset() {}

  close() {
    for (const player of this.#players.values()) player.close();
    this.#players.clear();
  }

  #subscribe() {
    const tracks = [...this.#wanted].filter((id) => !this.#without.has(id));
    this.options.send({ type: "subscribe", tracks, link: true });
  }

  /** Has these not sent any more. @param {string[]} tracks */
  #refuse(tracks) {
    for (const id of tracks) this.#without.add(id);
    if (tracks.length) this.#subscribe();
  }

  /** @param {string[]} gone */
  #drop(gone) {
    if (!gone.length) return;
    const players = gone.map((id) => this.#players.get(id));
    for (const id of gone) this.#players.delete(id);
    this.#show(); // first: what was shown must not be seen to freeze
    for (const player of players) player?.close();
  }

  #show() {
    this.options.ontracks(new Map([...this.#players].map(([id, { track }]) => [id, track])));
  }
}
