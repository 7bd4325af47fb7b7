// A call in a window of its own that stays on top of the others (Document Picture-in-Picture), and its way back.

import { h } from "./dom.js";

/** @typedef {{ close: () => void }} PopOut */

const SIZE = { width: 420, height: 380 };

/**
 * Moves an element to a new window, and back when that is closed.
 * @param {HTMLElement} element @param {() => void} onmove @param {() => void} onback @returns {Promise<PopOut | null>}
 */
export async function popOut(element, onmove, onback) {
  const request = /** @type {any} */ (globalThis).documentPictureInPicture;
  /** @type {Window | null} */
  const window = await request.requestWindow(SIZE).catch(() => null); // not from a click, or not in this frame
  if (!window) return null;
  dress(window.document);
  const note = h("p", { class: "rtc-panel-text" }, "The call is in a window of its own.");
  const back = h("button", { type: "button", class: "rtc-primary", onclick: () => window.close() }, "Bring it back");
  const place = h("div", { class: "rtc-call rtc-popped-out" }, h("div", { class: "rtc-main" }, h("div", { class: "rtc-panel", role: "status" }, note, back)));
  element.replaceWith(place);
  window.document.body.append(h("main", { class: "rtc-notebook rtc-full" }, element));
  onmove();
  const dressing = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof HTMLLinkElement) window.document.head.append(node.cloneNode());
  });
  dressing.observe(document.head, { childList: true }); // styles that come later
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    dressing.disconnect();
    place.replaceWith(element);
    onmove();
    onback();
  };
  window.addEventListener("pagehide", end);
  return {
    close: () => {
      end();
      window.close();
    },
  };
}

/** Gives a document the styles and the theme of this one. @param {Document} to */
function dress(to) {
  for (const sheet of document.querySelectorAll("link[rel=stylesheet], style")) to.head.append(sheet.cloneNode(true));
  for (const which of /** @type {const} */ (["documentElement", "body"])) {
    for (const { name, value } of document[which].attributes) if (name !== "id") to[which].setAttribute(name, value);
  }
  to.body.classList.add("rtc-page");
  to.title = document.title;
}
