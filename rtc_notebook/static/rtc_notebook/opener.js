// A button of the bar and what it opens above the controls: loaded when it is opened first, closed by a click elsewhere.

import { h, refocus, setAttribute } from "./dom.js";

/**
 * @typedef {object} Panel
 * @property {HTMLElement} element
 * @property {() => void} focus
 * @property {() => void} [opened]
 * @property {() => void} [closed]
 */

/** @template {Panel} T */
export class Opener {
  #open = false;
  /** @type {T | null} */ #panel = null;

  /** @param {HTMLButtonElement} button @param {() => Promise<T>} load */
  constructor(button, load) {
    this.button = button;
    this.load = load;
    this.element = h("div", { class: "rtc-menu-place" });
    setAttribute(button, "aria-expanded", "false");
    this.outside = (/** @type {Event} */ event) => {
      const path = event.composedPath();
      if (!path.includes(this.element) && !path.includes(button)) void this.toggle(false, false);
    };
  }

  /** What is open. */
  get panel() {
    return this.#open ? this.#panel : null;
  }

  async toggle(open = !this.#open, focus = true) {
    if (open === this.#open) return;
    this.#open = open;
    if (open) await this.#load();
    const panel = this.#panel;
    if (open !== this.#open || !panel) return;
    panel.element.hidden = !open;
    this.#stand(panel.element);
    setAttribute(this.button, "aria-expanded", String(open));
    const { ownerDocument } = this.element;
    if (open) {
      ownerDocument.addEventListener("pointerdown", this.outside, true);
      panel.opened?.();
      if (focus) panel.focus();
    } else {
      ownerDocument.removeEventListener("pointerdown", this.outside, true);
      panel.closed?.();
      if (focus) refocus(this.button);
    }
  }

  /** Above the button, where there is one to be seen. @param {HTMLElement} element */
  #stand(element) {
    const { left, width } = this.button.getBoundingClientRect();
    const whole = this.element.parentElement?.getBoundingClientRect();
    if (whole && width) element.style.setProperty("--rtc-at", `${left + width / 2 - whole.left}px`);
    else element.style.removeProperty("--rtc-at");
  }

  async #load() {
    try {
      const panel = await (this.#panel ?? this.load());
      if (this.#panel) return;
      this.#panel = panel;
      this.element.append(panel.element);
    } catch (error) {
      this.#open = false; // the server is away
      throw error;
    }
  }
}
