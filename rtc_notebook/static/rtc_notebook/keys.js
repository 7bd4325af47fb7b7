// Waits for the first key or click in a call: shortcuts.js, which knows what keys do, is loaded then, and does it.

import { ours } from "./dom.js";
import { loader } from "./loader.js";

/** @typedef {import("./callview.js").CallView} CallView */

const shortcuts = loader("shortcuts.js", () => import("./shortcuts.js"));

/**
 * Listens for the keys of a call: on a page of its own everywhere, in a notebook while the focus is within the call.
 * @param {CallView} view @param {boolean} everywhere @returns {() => void} to stop
 */
export function awaitKeys(view, everywhere) {
  const place = everywhere ? document : view.element;
  if (!everywhere) view.element.tabIndex = -1; // a click on it gives it the keys
  let stopped = false;
  /** @type {Event[]} */
  const early = [];
  const begin = async (/** @type {Event} */ event) => {
    if (!everywhere && event.type === "keydown" && ours(/** @type {KeyboardEvent} */ (event))) event.stopPropagation();
    early.push(event);
    if (early.length > 1) return;
    try {
      const { listenForKeys } = await shortcuts.get();
      if (stopped) return;
      stop();
      stop = listenForKeys(view, everywhere, document, early);
    } catch {
      early.length = 0; // the server is away: the next key tries again
    }
  };
  let stop = () => {
    for (const type of ["keydown", "pointerdown"]) place.removeEventListener(type, begin);
  };
  for (const type of ["keydown", "pointerdown"]) place.addEventListener(type, begin);
  return () => {
    stopped = true;
    stop();
  };
}
