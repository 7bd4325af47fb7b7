// What takes the place of both peer connections: the link, and what is published and received over it.

import { Codecs } from "./link-codecs.js";
import { LinkPublisher, LinkSubscriber } from "./link-connections.js";
import { Link } from "./link.js";

/**
 * @typedef {object} LinkEndOptions
 * @property {import("./protocol.js").MediaSettings} media
 * @property {string} url
 * @property {string[]} [protocols]
 * @property {string} session
 * @property {(message: import("./protocol.js").ClientMessage) => void} send
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} ontracks
 * @property {(id: string, text: string) => void} onwarning
 * @property {() => void} [onsilent]
 * @property {() => void} onchange
 * @property {typeof WebSocket} [WebSocket]
 */

const SEEN = /** @type {const} */ ({ video: ["pictures", "are not seen"], audio: ["sound", "is not heard"] });

export class LinkEnd {
  codecs = new Codecs();
  #used = false;
  #told = "";

  /** @param {LinkEndOptions} options */
  constructor(options) {
    this.options = options;
    const { startBitrate = 1_500_000, maxBitrate = 2_500_000 } = options.media;
    this.link = new Link({
      ...options, startBitrate, maxBitrate,
      onopen: () => this.publisher.opened(),
      onframe: (frame) => this.subscriber.take(frame),
      onwanted: (track) => this.publisher.want(track),
    });
    this.publisher = this.#newPublisher();
    this.subscriber = this.#newSubscriber();
    void this.codecs.asked.then(() => {
      this.publisher.settle();
      this.subscriber.settle();
    });
  }

  /** Says what this browser lacks, once pictures and sound really go this way. */
  use() {
    this.#used = true;
    void this.codecs.asked.then(() => {
      const { lacking } = this.codecs;
      if (!this.#used || lacking === this.#told) return;
      this.#told = lacking;
      this.options.onwarning("link-codecs", `Pictures and sound go over a WebSocket here, and over it this browser ${lacking}. A newer one, or another, does.`);
    });
  }

  /** Goes on without publishing or receiving: the socket is there for when it is needed again. */
  rest() {
    this.#end();
    this.publisher = this.#newPublisher();
    this.subscriber = this.#newSubscriber();
  }

  close() {
    this.#end();
    this.link.close();
  }

  #end() {
    this.#used = false;
    this.publisher.close();
    this.subscriber.close();
  }

  #newPublisher() {
    const { codecs, options: { send } } = this;
    return new LinkPublisher(this.link, { codecs, send, onfailed: (kind, error) => this.#failed("encode", "yours", kind, error) });
  }

  #newSubscriber() {
    const { codecs, options: { send, ontracks } } = this;
    return new LinkSubscriber(this.link, { codecs, send, ontracks, onfailed: (kind, error) => this.#failed("decode", "some", kind, error) });
  }

  /** @param {"encode" | "decode"} what @param {"yours" | "some"} whose @param {import("./protocol.js").Kind} kind @param {Error} error */
  #failed(what, whose, kind, error) {
    console.error("rtc-notebook:", error);
    const [word, unseen] = SEEN[kind];
    this.options.onwarning(`${what} ${kind}`, `This browser fails to ${what} ${word} for the WebSocket (${error.message}): ${whose} ${unseen}.`);
  }
}
