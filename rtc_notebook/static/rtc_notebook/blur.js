// Background blur: whether it is wanted, and what is sent and shown in the place of the camera's own picture then.
// blurring.js makes it, loaded when it is wanted first.

import { loader } from "./loader.js";

/**
 * @typedef {import("./blurring.js").Figures} Figures
 * @typedef {import("./blurring.js").Running} Running
 */

const blurring = loader("blurring.js", () => import("./blurring.js"));
const REMEMBERED = "rtc-notebook:blur";

export class BackgroundBlur {
  /** How it goes, once it goes. @type {Figures | null} */ figures = null;
  /** Whether the person is told from the background by now. */ ready = false;
  /** @type {(message: string) => void} called when it cannot be done; nothing is sent then */ onfail = () => {};
  /** @type {() => void} */ onchange = () => {};
  /** @type {() => void} called when there is another track to send, or it is of another size */ onready = () => {};
  /** @type {typeof import("./blurring.js") | null} */ #code = null;
  #loading = false;
  #height = 0; // of the pictures that are sent, as far as is told
  /** @type {Running | null} */ #running = null;

  /** @param {string} socket URL of the room's socket, on the server that the worker comes from */
  constructor(socket) {
    this.base = socket.replace(/^ws/, "http").replace(/rtc-notebook\/api\/.*$/, "static/");
    this.wanted = remembered();
    if (this.wanted) void this.#load();
  }

  /** Whether there is a camera to blur the background of. */
  get running() {
    return !!this.#running;
  }

  /** @param {boolean} wanted */
  set(wanted) {
    this.wanted = wanted;
    if (wanted) void this.#load();
    try {
      localStorage.setItem(REMEMBERED, wanted ? "on" : "");
    } catch {
      // a browser that keeps nothing
    }
    this.onchange();
  }

  /**
   * What to send in the place of a camera's track: another track while blur is wanted, at once, so that nothing is seen
   * before it is blurred. Null lets go of all there is.
   * @param {MediaStreamTrack | null} raw
   */
  of(raw) {
    if (this.#running && (this.#running.raw !== raw || !this.wanted)) this.#stop();
    if (!raw || !this.wanted) return raw;
    if (!this.#code) {
      void this.#load(); // once more, where that failed
      return null; // until it is here
    }
    try {
      this.#running ??= this.#code.begin(raw, this.base, (news) => this.#hear(news));
    } catch (error) {
      queueMicrotask(() => this.#fail(/** @type {Error} */ (error).message));
      return null;
    }
    return this.#running.sent;
  }

  /** What to show of a camera's track. @param {MediaStreamTrack | null} raw */
  shown(raw) {
    if (raw && this.#running?.raw === raw) return this.#running.sent;
    return this.wanted && !this.#code ? null : raw;
  }

  async #load() {
    if (this.#code || this.#loading) return;
    this.#loading = true;
    this.#code = await blurring.get().catch(() => null);
    this.#loading = false;
    if (!this.#code) return this.#fail("The server does not answer.");
    this.onready();
    this.onchange();
  }

  /** @param {import("./blurring.js").News} news */
  #hear({ failed, figures, ready }) {
    if (failed) return this.#fail(failed);
    // A track of ours tells its size only after pictures of it: then as much of it is sent as a crowd has room for.
    const settled = figures && figures.height === this.figures?.height && figures.height !== this.#height;
    if (figures) this.figures = figures;
    if (settled) {
      this.#height = figures.height;
      this.onready();
    }
    if (ready) this.ready = true;
    this.onchange();
  }

  #stop() {
    const running = this.#running;
    this.#running = this.figures = null;
    this.#height = 0;
    this.ready = false;
    running?.stop();
  }

  /** @param {string} why */
  #fail(why) {
    this.#running?.raw.stop(); // before it could be sent as it is
    this.#stop();
    this.onfail(`The camera stays off, because its background cannot be blurred: ${why} Turn blur off to be seen as you are.`);
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "on";
  } catch {
    return false;
  }
}
