// What the server failed at and may not fail at again: tried again, after ever longer waits.

import { backoff } from "./signaling.js";

/** Whether an error of the server's passes by itself. After the others something has to be different first. @param {string} code */
export const passes = (code) => ["internal", "sfu-failed", "sfu-timeout"].includes(code);

export class Retry {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #attempt = 0;

  /** @param {() => void} work */
  constructor(work) {
    this.work = work;
  }

  /** Tries again in a moment, if it is an error that passes; says whether. @param {string} code */
  after(code) {
    this.stop();
    if (!passes(code)) return false;
    this.#timer = setTimeout(this.work, backoff(++this.#attempt));
    return true;
  }

  /** It is being tried. */
  stop() {
    clearTimeout(this.#timer);
  }

  /** It worked, or is not wanted any more. */
  end() {
    this.stop();
    this.#attempt = 0;
  }
}
