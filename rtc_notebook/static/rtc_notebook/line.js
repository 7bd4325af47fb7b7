// A call's line to the server: its socket, which is tried at once when the page wakes up or is in another network, and
// has its place kept while the page is loaded again.

import { recall, remember } from "./remembered.js";
import { Signaling } from "./signaling.js";

const MOVING = 300;

/** What the browser knows of its network, if it tells. @returns {EventTarget | undefined} */
const connection = () => /** @type {any} */ (globalThis.navigator)?.connection;

export class Line {
  /** @type {Signaling | null} */ signaling = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #moving;
  /** @type {AbortController | undefined} */ #listening;

  /** @param {import("./callstate.js").CallOptions} options @param {() => void} ononline called when there is a network again */
  constructor(options, ononline) {
    this.options = options;
    this.ononline = ononline;
    this.awake = () => this.signaling?.retry();
  }

  #moved() {
    clearTimeout(this.#moving);
    this.#moving = setTimeout(this.awake, MOVING); // it is told several times, and a moment early
  }

  /** What tells the calls of one page apart. */
  get #key() {
    return `${this.options.url} ${this.options.secret ?? ""}`;
  }

  /** The place from before the page was loaded again. */
  recall() {
    return recall(this.#key);
  }

  /** @param {Pick<import("./signaling.js").SignalingOptions, "session" | "onmessage" | "onstate">} more */
  open(more) {
    const { name, secret, url, clientVersion, protocols } = this.options;
    this.signaling = new Signaling({ url, clientVersion, name, secret, protocols, ...more });
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    globalThis.addEventListener?.("online", () => {
      this.awake();
      this.ononline();
    }, { signal });
    globalThis.document?.addEventListener?.("resume", this.awake, { signal });
    connection()?.addEventListener?.("change", () => this.#moved(), { signal }); // another network, maybe
    this.signaling.open();
  }

  /** @param {string} secret of the kernel that this widget belongs to from now on */
  pair(secret) {
    this.options.secret = secret;
    if (!this.signaling) return;
    this.signaling.secret = secret;
    this.signaling.send({ type: "pair", call: secret });
  }

  /** The page is being closed, or loaded again. @param {{ camera: boolean, microphone: boolean }} devices that are on */
  suspend(devices) {
    const session = this.signaling?.session;
    if (session) remember(this.#key, { session, ...devices });
    this.signaling?.suspend();
  }

  close() {
    const { signaling } = this;
    this.signaling = null; // first, so that its closing is no news
    signaling?.close();
    this.#listening?.abort();
    clearTimeout(this.#moving);
  }
}
