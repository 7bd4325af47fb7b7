// The menu of all that has no button of its own: layout, statistics, a window of its own, full screen, and what those
// do; on narrow calls also the buttons that there is no room for.

import { iconButton } from "./controls.js";
import { setAttribute, style } from "./dom.js";
import { LAYOUTS } from "./layout.js";
import { loader } from "./loader.js";
import { Opener } from "./opener.js";

/**
 * @typedef {import("./callview.js").CallView} CallView
 * @typedef {import("./layout.js").Layout} Layout
 */

const menus = loader("moremenu.js", () => import("./moremenu.js"));
const windows = loader("popout.js", () => import("./popout.js"));
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
  /** @type {import("./popout.js").PopOut | null} */ #popOut = null;

  /** @param {CallView} view */
  constructor(view) {
    this.view = view;
    view.stage.setLayout(remembered());
    this.button = iconButton("more", "More", () => void this.toggle(), "rtc-more-button");
    setAttribute(this.button, "aria-haspopup", "menu");
    this.opener = new Opener(this.button, async () => {
      const [{ moreMenu }] = await Promise.all([menus.get(), style("menus.css")]);
      return moreMenu(this);
    });
    this.element = this.opener.element;
  }

  update() {
    if (!this.view.call.active) void this.toggle(false, false);
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.view.stage.setLayout(layout);
    try {
      localStorage.setItem(REMEMBERED, layout);
    } catch {} // it is for this call only, then
  }

  /** Whether the call is in a window of its own. */
  get popped() {
    return !!this.#popOut?.window;
  }

  toggleStatistics() {
    this.statistics = !this.statistics;
    this.view.update();
  }

  async toggleFullScreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.view.element.requestFullscreen?.().catch(() => {}); // forbidden in this frame
  }

  async togglePopOut() {
    const { PopOut } = await windows.get();
    this.#popOut ??= new PopOut(this.view);
    await this.#popOut.toggle();
  }

  /** @param {boolean} [open] @param {boolean} [focus] */
  toggle(open, focus) {
    return this.opener.toggle(open, focus);
  }

  close() {
    void this.toggle(false, false);
    this.#popOut?.close();
  }
}
