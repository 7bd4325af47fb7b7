// Has the media link at hand before it is needed: when it is, there may be no network to fetch its code over.

import { loader } from "./loader.js";

/**
 * @typedef {typeof import("./link-code.js")} LinkCode
 * @typedef {import("./link-end.js").LinkEnd} LinkEnd
 * @typedef {import("./loader.js").Loader<LinkCode>} LinkLoader
 */

const LOAD_AGAIN = 2_000;
const LOAD_AHEAD = 5_000; // after a connection was made: not while a call begins
const SPARE = 15_000; // milliseconds that a link stays open which is not used

/** One for all calls of a page. @type {LinkLoader} */
export const linkLoader = loader("link-code.js", () => import("./link-code.js"));

export class Standby {
  /** @type {LinkEnd | null} */ end = null;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */ #timers = new Map();
  #used = false;
  #closed = false;

  /** @param {import("./link-end.js").LinkEndOptions} options @param {LinkLoader} loader */
  constructor(options, loader) {
    this.options = options;
    this.loader = loader;
  }

  /** Whether the link can be taken at once. */
  get ready() {
    return this.loader.code !== null;
  }

  /** Calls back as soon as it can be taken. @param {() => void} work */
  whenReady(work) {
    const again = () => this.#after("load", LOAD_AGAIN, () => this.whenReady(work));
    this.loader.get().then(() => this.#closed || work(), again); // the server is away
  }

  /** The network is a good one just now. */
  loadAhead() {
    this.#after("ahead", LOAD_AHEAD, () => this.loader.get().catch(() => {}));
  }

  /** It may be needed in a moment: opens the link, and keeps it for a while. */
  prepare() {
    this.loader.get().then(({ LinkEnd }) => {
      if (this.#closed || this.#used) return;
      this.end ??= new LinkEnd(this.options);
      this.#spare();
    }, () => {}); // asked for again when it is needed
  }

  /** Makes it the way; to be called when it is ready. */
  take() {
    const { LinkEnd } = /** @type {LinkCode} */ (this.loader.code);
    this.#used = true;
    this.end ??= new LinkEnd(this.options);
    this.end.use();
  }

  /** It is not the way any more, but there at once if the other leads nowhere after all. */
  rest() {
    this.#used = false;
    this.end?.rest();
    this.#spare();
  }

  close() {
    this.#closed = true;
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.end?.close();
    this.end = null;
  }

  #spare() {
    this.#after("spare", SPARE, () => {
      if (this.#used) return;
      this.end?.close();
      this.end = null;
    });
  }

  /** @param {string} name of which there is one @param {number} milliseconds @param {() => void} work */
  #after(name, milliseconds, work) {
    clearTimeout(this.#timers.get(name));
    if (!this.#closed) this.#timers.set(name, setTimeout(work, milliseconds));
  }
}
