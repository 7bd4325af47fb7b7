// A call in a window of its own that stays on top of the others (Document Picture-in-Picture), and its way back.

import { h } from "./dom.js";
import { listenForKeys } from "./shortcuts.js";

/** @typedef {import("./callview.js").CallView} CallView */

const SIZE = { width: 420, height: 380 };

export class PopOut {
  /** @type {Window | null} */ window = null;
  /** @type {() => void} */ #end = () => {};

  /** @param {CallView} view */
  constructor(view) {
    this.view = view;
  }

  /** Takes the call to a window that stays on top, or back; to a tab where the browser has no such window. */
  async toggle() {
    if (this.window) return this.close();
    const request = /** @type {any} */ (globalThis).documentPictureInPicture;
    if (!request) return void open(this.view.call.options.link, "_blank", "noopener");
    if (document.fullscreenElement) await document.exitFullscreen();
    this.window = await request.requestWindow(SIZE).catch(() => null); // not from a click, or not in this frame
    if (this.window) this.#move(this.window);
  }

  close() {
    const { window } = this;
    this.#end();
    window?.close();
  }

  /** @param {Window} window */
  #move(window) {
    const { element, stage } = this.view;
    dress(window.document);
    const note = h("p", { class: "rtc-panel-text" }, "The call is in a window of its own.");
    const back = h("button", { type: "button", class: "rtc-primary", onclick: () => window.close() }, "Bring it back");
    const place = h("div", { class: "rtc-call rtc-popped-out" }, h("div", { class: "rtc-main" }, h("div", { class: "rtc-panel", role: "status" }, note, back)));
    element.replaceWith(place);
    window.document.body.append(h("main", { class: "rtc-notebook rtc-full" }, element));
    stage.moved();
    const unlisten = listenForKeys(this.view, true, window.document); // a window of its own has keys of its own
    const dressing = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof HTMLLinkElement) window.document.head.append(node.cloneNode());
    });
    dressing.observe(document.head, { childList: true }); // styles that come later
    this.#end = () => {
      this.#end = () => {};
      this.window = null;
      dressing.disconnect();
      unlisten();
      place.replaceWith(element);
      stage.moved();
    };
    window.addEventListener("pagehide", () => this.#end());
  }
}

/** Gives a document the styles and the theme of this one. @param {Document} to */
function dress(to) {
  const worn = "link[rel=stylesheet], style, meta[name=color-scheme]"; // the last is what light-dark() goes by
  for (const each of document.querySelectorAll(worn)) to.head.append(each.cloneNode(true));
  for (const which of /** @type {const} */ (["documentElement", "body"])) {
    for (const { name, value } of document[which].attributes) if (name !== "id") to[which].setAttribute(name, value);
  }
  to.body.classList.add("rtc-page");
  to.title = document.title;
}
