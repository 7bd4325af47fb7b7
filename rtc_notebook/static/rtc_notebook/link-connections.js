// What a call publishes and receives over the media link, with the same faces as Publisher and Subscriber.

import { canReceive, canSend } from "./link-codecs.js";
import { PicturePlayer, SoundPlayer } from "./link-player.js";
import { PictureSender, SoundSender } from "./link-sender.js";
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
 * @typedef {{ send: (message: ClientMessage) => void, onerror: (error: Error) => void }} Options
 */

/** What is sent of a publication: of a muted one, nothing. @param {LinkPublication} publication */
const heard = ({ track, muted }) => (muted ? null : track);

/** Whether others are told that nothing comes, now: what this browser cannot encode is off to them. @param {LinkPublication} publication */
const silent = ({ source, muted, sender }) => muted || !canSend(kindOf(source)) || !!sender?.broken;

export class LinkPublisher {
  /** @type {Map<Slot, LinkPublication>} */ #publications = new Map();
  #requests = 0;
  #asking = false;
  #closed = false;

  /** @param {Link} link @param {Options} options */
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
      const muted = (publication.announced = silent(publication));
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
    for (const publication of this.#publications.values()) {
      const given = tracks[publication.source];
      if (given && given !== publication.id) this.#send(publication, given);
      this.#announce(publication);
    }
  }

  /** @param {number | null | undefined} _id */
  async handleRefusal(_id) {}

  async handleCandidate() {}

  /** A keyframe of one's own track is wanted. @param {string} track */
  want(track) {
    for (const { id, sender } of this.#publications.values()) if (id === track) sender?.want();
  }

  /** The link was opened afresh: every picture begins at a keyframe. */
  opened() {
    for (const { sender } of this.#publications.values()) sender?.want();
  }

  async resume() {
    return this.negotiate();
  }

  async restart() {
    return this.negotiate();
  }

  close() {
    this.#closed = true;
    for (const { sender } of this.#publications.values()) sender?.close();
    this.#publications.clear();
  }

  /** @param {LinkPublication} publication @param {string} id */
  #send(publication, id) {
    publication.sender?.close();
    publication.id = id;
    publication.sender = null;
    if (!canSend(kindOf(publication.source))) return;
    const Sender = kindOf(publication.source) === "video" ? PictureSender : SoundSender;
    publication.sender = new Sender(this.link, id, (error) => {
      this.options.onerror(error);
      this.#announce(publication);
    });
    publication.sender.setTrack(heard(publication));
  }

  /** @param {LinkPublication} publication */
  #announce(publication) {
    const muted = silent(publication);
    if (!publication.id || publication.announced === muted) return;
    publication.announced = muted;
    this.options.send({ type: "mute", track: publication.id, muted });
  }
}

export class LinkSubscriber {
  /** @type {Map<string, import("./link-player.js").Player>} */ #players = new Map();
  /** @type {Set<string>} */ #wanted = new Set();

  /** @param {Link} link @param {(tracks: Map<string, MediaStreamTrack>) => void} ontracks */
  constructor(link, ontracks) {
    this.link = link;
    this.ontracks = ontracks;
  }

  /** Keeps what comes of these tracks, and of no others. @param {string[]} tracks */
  want(tracks) {
    this.#wanted = new Set(tracks);
    const gone = [...this.#players.keys()].filter((id) => !this.#wanted.has(id));
    if (!gone.length) return;
    const players = gone.map((id) => this.#players.get(id));
    for (const id of gone) this.#players.delete(id);
    this.#show(); // first: what was shown must not be seen to freeze
    for (const player of players) player?.close();
  }

  /** What was received of each track. */
  get counted() {
    return [...this.#players.values()].map(({ track, counted }) => ({ ...counted, track: track.id, delay: this.link.delay }));
  }

  /** @param {Frame} frame */
  take(frame) {
    if (!this.#wanted.has(frame.track) || !canReceive(frame.kind)) return;
    let player = this.#players.get(frame.track);
    if (!player) {
      const want = () => this.link.want(frame.track);
      player = frame.kind === "video" ? new PicturePlayer(want) : new SoundPlayer();
      this.#players.set(frame.track, player);
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

  #show() {
    this.ontracks(new Map([...this.#players].map(([id, { track }]) => [id, track])));
  }
}
