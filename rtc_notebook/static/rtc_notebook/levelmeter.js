// How loud a track is, shown.

import { h, setAttribute } from "./dom.js";
import { Listener } from "./listener.js";

const INTERVAL = 66; // milliseconds

/** A bar that moves with a microphone. */
export class LevelMeter {
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #listener = new Listener();
  #shown = 0;

  constructor() {
    this.bar = h("div", { class: "rtc-level-bar" });
    this.element = h(
      "div",
      { class: "rtc-level", role: "meter", "aria-label": "Microphone level", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 },
      this.bar,
    );
  }

  /** @param {MediaStreamTrack | null | undefined} track */
  follow(track) {
    this.#listener.follow(track ? [track] : []);
    if (!track) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#show(0);
    } else this.#timer ??= setInterval(() => this.#show(Math.max(this.#listener.level ?? 0, this.#shown - 0.06)), INTERVAL);
  }

  /** @param {number} level */
  #show(level) {
    if (level === this.#shown) return;
    this.#shown = level;
    this.bar.style.transform = `scaleX(${level.toFixed(3)})`;
    setAttribute(this.element, "aria-valuenow", Math.round(level * 100));
  }
}
