// Background blur: what is sent and shown in the place of the camera's own picture. A worker makes it (blur/worker.js),
// unless the browser blurs by itself (W3C Media Capture and Streams Extensions, backgroundBlur).

import { drawn, streamed } from "./blurtracks.js";

/**
 * @typedef {{ fps: number, ms: number, height: number, model: boolean }} Figures pictures a second, milliseconds a picture
 * @typedef {{ raw: MediaStreamTrack, sent: MediaStreamTrack, stop: () => void }} Running
 */

const REMEMBERED = "rtc-notebook:blur";
const PATIENCE = 60_000; // milliseconds for the model to come

export class BackgroundBlur {
  /** How it goes, once it goes. @type {Figures | null} */ figures = null;
  /** Whether the person is told from the background by now. */ ready = false;
  /** @type {(message: string) => void} called when it cannot be done; nothing is sent then */ onfail = () => {};
  /** @type {() => void} */ onchange = () => {};
  /** @type {Running | null} */ #running = null;

  /** @param {string} socket URL of the room's socket, on the server that the worker comes from */
  constructor(socket) {
    this.base = socket.replace(/^ws/, "http").replace(/rtc-notebook\/api\/.*$/, "static/");
    this.wanted = remembered();
  }

  /** Whether there is a camera to blur the background of. */
  get running() {
    return !!this.#running;
  }

  /** @param {boolean} wanted */
  set(wanted) {
    this.wanted = wanted;
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
    try {
      this.#running ??= this.#start(raw);
    } catch (error) {
      queueMicrotask(() => this.#fail(/** @type {Error} */ (error).message));
      return null;
    }
    return this.#running.sent;
  }

  /** What to show of a camera's track. @param {MediaStreamTrack | null} raw */
  shown(raw) {
    return raw && this.#running?.raw === raw ? this.#running.sent : raw;
  }

  /** @param {MediaStreamTrack} raw @returns {Running} */
  #start(raw) {
    const capabilities = /** @type {{ backgroundBlur?: boolean[] }} */ (raw.getCapabilities?.() ?? {});
    if (capabilities.backgroundBlur?.includes(true)) return this.#constrain(raw);
    const worker = new Worker(`${this.base}rtc_notebook/blur/worker.js`, { type: "module", name: "rtc-notebook blur" });
    const patience = setTimeout(() => this.#fail("The model does not come."), PATIENCE);
    const way = (streamed(raw) ?? drawn(raw));
    way.sent.contentHint = "motion";
    worker.onerror = (event) => this.#fail(event.message || "The worker does not start.");
    worker.onmessage = ({ data }) => {
      if (data.failed) return this.#fail(data.failed);
      if (data.bitmap) return way.take?.(data.bitmap);
      if (data.figures) this.figures = data.figures;
      if (data.ready) {
        clearTimeout(patience);
        this.ready = true;
      }
      this.onchange();
    };
    const { start, transfer } = way.start(worker);
    worker.postMessage({ state: `${this.base}rtc_notebook_blur/state`, ...start }, transfer);
    const stop = () => {
      clearTimeout(patience);
      worker.onmessage = worker.onerror = null;
      way.stop();
      worker.terminate();
    };
    return { raw, sent: way.sent, stop };
  }

  /** @param {MediaStreamTrack} raw @returns {Running} */
  #constrain(raw) {
    raw.enabled = false; // until it is blurred
    const constrain = (/** @type {boolean} */ on) => raw.applyConstraints(/** @type {any} */ ({ ...raw.getConstraints(), backgroundBlur: { exact: on } }));
    constrain(true).then(
      () => {
        if (this.#running?.raw !== raw) return;
        raw.enabled = this.ready = true;
        this.onchange();
      },
      (error) => this.#fail(error.message),
    );
    const stop = () => {
      if (raw.readyState !== "live") return;
      constrain(false).catch(() => {});
      raw.enabled = true;
    };
    return { raw, sent: raw, stop };
  }

  #stop() {
    const running = this.#running;
    this.#running = this.figures = null;
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
