// The handle on one's own processed picture: while it is held, one sees the original; nobody else does.

import { h } from "./dom.js";
import { icon } from "./moreicons.js";

const KEYS = [" ", "Enter"];

export class Compare {
  /** @type {MediaStreamTrack | null} */ #original = null;
  /** @type {HTMLVideoElement | null} */ #video = null;

  constructor() {
    this.element = h(
      "button",
      {
        type: "button", class: "rtc-compare", "aria-label": "Hold to compare", title: "Hold to see the original; only you see it",
        onpointerdown: (/** @type {PointerEvent} */ event) => this.#press(event),
        onpointerup: () => this.#show(false),
        onpointercancel: () => this.#show(false),
        onlostpointercapture: () => this.#show(false),
        oncontextmenu: (/** @type {Event} */ event) => event.preventDefault(), // a long touch
        onkeydown: (/** @type {KeyboardEvent} */ event) => KEYS.includes(event.key) && (event.preventDefault(), event.stopPropagation(), this.#show(true)),
        onkeyup: () => this.#show(false),
        onblur: () => this.#show(false),
      },
      icon("compare"),
      h("span", {}, "Hold to compare"),
    );
    this.element.hidden = true;
  }

  /** @param {MediaStreamTrack | null} original the person's own camera; null where there is nothing to compare */
  update(original) {
    if (this.#original !== original) this.#show(false);
    this.#original = original;
    this.element.hidden = !original;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#show(true);
  }

  /** @param {boolean} held */
  #show(held) {
    if (held === !!this.#video) return;
    const tile = this.element.closest(".rtc-tile");
    tile?.toggleAttribute("data-comparing", held);
    this.element.setAttribute("aria-pressed", String(held));
    if (!held || !this.#original) {
      if (this.#video) this.#video.srcObject = null;
      this.#video?.remove();
      this.#video = null;
      return;
    }
    this.#video = h("video", { class: "rtc-original", autoplay: true, playsinline: true, muted: true, "aria-label": "The original" });
    this.#video.muted = true;
    this.#video.srcObject = new MediaStream([this.#original]);
    tile?.querySelector("video")?.after(this.#video);
    this.#video.play().catch(() => {}); // let go already
  }
}
