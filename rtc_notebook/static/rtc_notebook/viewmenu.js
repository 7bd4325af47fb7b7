// The menu of all that has no button of its own: layout, statistics, a window of its own, full screen, and what those
// do; on narrow calls also the buttons that there is no room for.

import { iconButton } from "./controls.js";
import { h, refocus, setAttribute, style } from "./dom.js";
import { LAYOUTS } from "./layout.js";
import { listenForKeys } from "./shortcuts.js";

/**
 * @typedef {import("./callview.js").CallView} CallView
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./menu.js").Menu} Menu
 * @typedef {import("./popout.js").PopOut} PopOut
 * @typedef {import("./statisticsview.js").StatisticsView} StatisticsView
 */

const REMEMBERED = "rtc-notebook:layout";

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
  #open = false;
  /** @type {Menu | null} */ #menu = null;

  /** @param {CallView} view */
  constructor(view) {
    this.view = view;
    view.stage.setLayout(remembered());
    this.button = iconButton("more", "More", () => void this.toggle(), "rtc-more-button");
    setAttribute(this.button, "aria-haspopup", "menu");
    setAttribute(this.button, "aria-expanded", "false");
    this.element = h("div", { class: "rtc-menu-place" });
    this.outside = (/** @type {Event} */ event) => {
      const path = event.composedPath();
      if (!path.includes(this.element) && !path.includes(this.button)) void this.toggle(false, false);
    };
  }

  update() {
    const { call } = this.view;
    if (!call.active) void this.toggle(false, false);
    if (call.phase === "connected") void this.#measure();
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.view.stage.setLayout(layout);
    try {
      localStorage.setItem(REMEMBERED, layout);
    } catch {} // it is for this call only, then
  }

  /** The next layout. */
  toggleLayout() {
    this.setLayout(LAYOUTS[(LAYOUTS.indexOf(this.view.stage.layout) + 1) % LAYOUTS.length]);
  }

  /** Whether the call is in a window of its own. */
  get popped() {
    return !!this.#popOut;
  }

  toggleStatistics() {
    this.statistics = !this.statistics;
    void this.#statistics?.show(this.statistics);
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
    let unlisten = () => {};
    this.#popOut = await popOut(element, () => stage.moved(), () => {
      this.#popOut = null;
      unlisten();
    });
    if (this.#popOut) unlisten = listenForKeys(this.view, true, element.ownerDocument); // a window of its own has keys of its own
  }

  async toggle(open = !this.#open, focus = true) {
    if (open === this.#open) return;
    this.#open = open;
    const menu = open ? await this.#load() : this.#menu;
    if (open !== this.#open || !menu) return;
    menu.element.hidden = !open;
    setAttribute(this.button, "aria-expanded", String(open));
    const { ownerDocument } = this.element;
    if (open) {
      ownerDocument.addEventListener("pointerdown", this.outside, true);
      menu.fill();
      if (focus) menu.focus();
    } else {
      ownerDocument.removeEventListener("pointerdown", this.outside, true);
      if (focus) refocus(this.button);
    }
  }

  close() {
    this.#closed = true;
    void this.toggle(false, false);
    this.#popOut?.close();
    this.#statistics?.close();
  }

  /** Begins to count, once there is something to count. */
  async #measure() {
    if (this.#measuring) return;
    this.#measuring = true;
    const { StatisticsView } = await import("./statisticsview.js");
    if (this.#closed) return;
    this.#statistics = new StatisticsView(this.view.call, this.view.stage);
    void this.#statistics.show(this.statistics);
  }

  async #load() {
    try {
      const [{ moreMenu }] = await Promise.all([import("./moremenu.js"), style("menus.css")]);
      if (this.#menu) return this.#menu;
      this.#menu = moreMenu(this);
      this.element.append(this.#menu.element);
      return this.#menu;
    } catch (error) {
      this.#open = false; // the server is away
      throw error;
    }
  }
}
