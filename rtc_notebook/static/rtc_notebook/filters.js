// The kernel's filters as chips below the call: what runs, how fast, and what went wrong.

import { h, keyed, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {{ participant: string, source: string, label: string, state: string, onError: string, errors: number,
 *   lastError: string, traceback: string, fps: number, ms: number }} FilterStatus
 */

export class FilterChips {
  #open = ""; // key of the one whose traceback shows

  constructor() {
    this.chips = h("div", { class: "rtc-chips" });
    this.traceback = h("pre", { class: "rtc-traceback", tabindex: "0", "aria-label": "Traceback" });
    this.element = h("div", { class: "rtc-filters" }, this.chips, this.traceback);
    /** @type {FilterStatus[]} */ this.filters = [];
  }

  /** @param {FilterStatus[]} filters */
  update(filters) {
    this.filters = filters;
    keyed(this.chips, filters, keyOf, (filter) => this.#chip(keyOf(filter)), fill);
    const open = filters.find((filter) => keyOf(filter) === this.#open);
    this.traceback.hidden = !open?.traceback;
    setText(this.traceback, open?.traceback ?? "");
    for (const chip of this.chips.children) {
      setAttribute(chip, "aria-expanded", String(/** @type {HTMLElement} */ (chip).dataset.key === this.#open && !!open?.traceback));
    }
    this.element.hidden = !filters.length;
  }

  /** @param {string} key */
  #chip(key) {
    const onclick = () => {
      this.#open = this.#open === key ? "" : key;
      this.update(this.filters);
    };
    return h("button", { type: "button", class: "rtc-chip", onclick }, icon("filter"), h("span"), h("span", { class: "rtc-chip-figures" }));
  }
}

/** @param {FilterStatus} filter */
const keyOf = ({ participant, source }) => `${participant}/${source}`;

/** @param {HTMLElement} chip @param {FilterStatus} filter */
function fill(chip, { participant, source, label, state, errors, lastError, fps, ms, traceback }) {
  const [, name, figures] = [...chip.children];
  const whose = participant === "me" ? "you" : participant;
  setText(name, `${label || "filter"} on ${[whose, ...(source === "camera" ? [] : [source])].join(", ")}`);
  const speed = fps > 0 ? `${Math.round(fps)} fps · ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : state;
  setText(figures, errors ? `${errors} ${errors === 1 ? "error" : "errors"}` : speed);
  setAttribute(chip, "data-failing", errors > 0);
  setAttribute(chip, "title", lastError || `${state}, ${speed}`);
  /** @type {HTMLButtonElement} */ (chip).disabled = !traceback;
}
