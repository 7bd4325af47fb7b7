// The view menu: layout, statistics, a window of its own, full screen; and what those do.

import { iconButton } from "./controls.js";
import { h, setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { LAYOUTS } from "./layout.js";

/**
 * @typedef {import("./callview.js").CallView} CallView
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./popout.js").PopOut} PopOut
 * @typedef {import("./statisticsview.js").StatisticsView} StatisticsView
 */

const REMEMBERED = "rtc-notebook:layout";
/** @type {Record<Layout, string>} */
const NAMES = { grid: "Grid", speaker: "Speaker", strip: "Side strip" };

/** @returns {Layout} */
function remembered() {
  try {
    const kept = /** @type {Layout} */ (localStorage.getItem(REMEMBERED));
    return LAYOUTS.includes(kept) ? kept : "grid";
  } catch {
    return "grid"; // a page that may not keep anything
  }
}

export class ViewMenu {
  statistics = false;
  /** @type {StatisticsView | null} */ #statistics = null;
  #measuring = false;
  /** @type {PopOut | null} */ #popOut = null;
  #closed = false;

  /** @param {CallView} view */
  constructor(view) {
    this.view = view;
    view.stage.setLayout(remembered());
    this.button = iconButton("more", "View", () => this.toggle(), "rtc-view-button");
    setAttribute(this.button, "aria-haspopup", "menu");
    this.layouts = LAYOUTS.map((layout) => this.#item("menuitemradio", layout, NAMES[layout], () => this.setLayout(layout)));
    this.statisticsItem = this.#item("menuitemcheckbox", "statistics", "Statistics", () => this.toggleStatistics());
    this.popOutItem = this.#item("menuitem", "pop-out", "Pop out", () => void this.togglePopOut());
    this.fullScreenItem = this.#item("menuitemcheckbox", "full-screen", "Full screen", () => void this.toggleFullScreen());
    this.element = h(
      "div",
      { class: "rtc-menu rtc-view-menu", role: "menu", "aria-label": "View", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      h("div", { role: "group", "aria-label": "Layout" }, ...this.layouts),
      h("div", { class: "rtc-menu-line", role: "separator" }),
      this.statisticsItem,
      this.popOutItem,
      this.fullScreenItem,
    );
    this.element.hidden = true;
    this.outside = (/** @type {Event} */ event) => {
      const path = event.composedPath();
      if (!path.includes(this.element) && !path.includes(this.button)) this.toggle(false, false);
    };
    this.screened = () => this.update();
    document.addEventListener("fullscreenchange", this.screened);
    this.update();
  }

  update() {
    const { call, stage, options, element } = this.view;
    this.layouts.forEach((item, index) => setAttribute(item, "aria-checked", String(stage.layout === LAYOUTS[index])));
    setAttribute(this.statisticsItem, "aria-checked", String(this.statistics));
    setAttribute(this.fullScreenItem, "aria-checked", String(!!element && document.fullscreenElement === element));
    this.fullScreenItem.hidden = !document.fullscreenEnabled || !!this.#popOut;
    this.popOutItem.hidden = !("documentPictureInPicture" in globalThis) && !(options.tab && call.options.link);
    if (!call.active) this.toggle(false, false);
    if (call.phase === "connected") void this.#measure();
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.view.stage.setLayout(layout);
    try {
      localStorage.setItem(REMEMBERED, layout);
    } catch {} // it is for this call only, then
    this.update();
  }

  /** The next layout. */
  toggleLayout() {
    this.setLayout(LAYOUTS[(LAYOUTS.indexOf(this.view.stage.layout) + 1) % LAYOUTS.length]);
  }

  toggleStatistics() {
    this.statistics = !this.statistics;
    this.#statistics?.show(this.statistics);
    this.update();
  }

  async toggleFullScreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.view.element.requestFullscreen?.().catch(() => {}); // forbidden in this frame
  }

  /** Takes the call to a window that stays on top, or back; to a tab where the browser has no such window. */
  async togglePopOut() {
    if (this.#popOut) return this.#popOut.close();
    const { call, element, stage } = this.view;
    if (!("documentPictureInPicture" in globalThis)) return void open(call.options.link, "_blank", "noopener");
    if (document.fullscreenElement) await document.exitFullscreen();
    const { popOut } = await import("./popout.js");
    this.#popOut = await popOut(element, () => stage.moved(), () => {
      this.#popOut = null;
      this.update();
    });
    this.update();
  }

  toggle(open = this.element.hidden, focus = true) {
    if (open === !this.element.hidden) return;
    this.element.hidden = !open;
    setAttribute(this.button, "aria-expanded", String(open));
    const { ownerDocument } = this.element;
    if (open) {
      ownerDocument.addEventListener("pointerdown", this.outside, true);
      this.update();
      const first = this.#stop(0);
      if (focus) first?.focus();
    } else {
      ownerDocument.removeEventListener("pointerdown", this.outside, true);
      if (focus) this.button.focus();
    }
  }

  close() {
    this.#closed = true;
    this.toggle(false, false);
    this.#popOut?.close();
    this.#statistics?.close();
    document.removeEventListener("fullscreenchange", this.screened);
  }

  /** Begins to count, once there is something to count. */
  async #measure() {
    if (this.#measuring) return;
    this.#measuring = true;
    const { StatisticsView } = await import("./statisticsview.js");
    if (this.#closed) return;
    this.#statistics = new StatisticsView(this.view.call, this.view.stage);
    this.#statistics.show(this.statistics);
  }

  /** @param {string} role @param {string} name of the icon @param {string} label @param {() => void} act */
  #item(role, name, label, act) {
    const onclick = () => {
      this.toggle(false);
      act();
    };
    return h("button", { type: "button", class: "rtc-menu-item", role, onclick }, icon(name), h("span", {}, label), icon("check"));
  }

  #items() {
    return [...this.element.querySelectorAll("button")].filter(({ hidden }) => !hidden);
  }

  /** Makes this item the menu's one stop for Tab. @param {number} at */
  #stop(at) {
    const items = this.#items();
    for (const item of items) item.tabIndex = item === items[at] ? 0 : -1;
    return items.at(at);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items();
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) this.#stop(to % items.length)?.focus();
    else if (event.key === "Escape") this.toggle(false);
    else if (event.key === "Tab") return this.toggle(false, false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
