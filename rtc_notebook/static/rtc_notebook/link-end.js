// What takes the place of both peer connections: the link, and what is published and received over it.

import { lacking } from "./link-codecs.js";
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
 * @property {(error: Error) => void} onerror
 * @property {(id: string, text: string) => void} onwarning
 * @property {() => void} [onsilent]
 * @property {() => void} onchange
 * @property {typeof WebSocket} [WebSocket]
 */

export class LinkEnd {
  /** @type {LinkPublisher} */ publisher;
  /** @type {LinkSubscriber} */ subscriber;
  #told = false;

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
    this.publisher = new LinkPublisher(this.link, options);
    this.subscriber = new LinkSubscriber(this.link, options.ontracks);
  }

  /** Says what this browser lacks, once pictures and sound really go this way. */
  use() {
    const text = this.#told ? "" : lacking();
    this.#told = true;
    if (text) this.options.onwarning("link-codecs", text);
  }

  /** Goes on without publishing or receiving: the socket is there for when it is needed again. */
  rest() {
    this.publisher.close();
    this.subscriber.close();
    this.publisher = new LinkPublisher(this.link, this.options);
    this.subscriber = new LinkSubscriber(this.link, this.options.ontracks);
  }

  close() {
    this.publisher.close();
    this.subscriber.close();
    this.link.close();
  }
}
