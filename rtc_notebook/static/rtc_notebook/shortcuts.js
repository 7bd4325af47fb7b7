// Keyboard shortcuts: a table of them, and what listens for them.

import { ours } from "./dom.js";
import { pressAndHold } from "./pushtotalk.js";

/**
 * A key (as in `KeyboardEvent.key`; `Shift+` before it where it is to be held), what it does, and the method of
 * CallView that does it. A row whose method is not there is neither shown nor heard.
 * @typedef {{ key: string, description: string, action: string }} Shortcut
 * @typedef {import("./callview.js").CallView} CallView
 */

/** @type {Shortcut[]} */
export const SHORTCUTS = [
  { key: "m", description: "Microphone on or off", action: "toggleMicrophone" },
  { key: "v", description: "Camera on or off", action: "toggleCamera" },
  { key: "s", description: "Share the screen, or stop", action: "toggleScreen" },
  { key: "c", description: "Chat", action: "toggleChat" },
  { key: "p", description: "People", action: "togglePeople" },
  { key: "h", description: "Raise or lower your hand", action: "toggleHand" },
  { key: "d", description: "Devices", action: "toggleDevices" },
  { key: "l", description: "Layout", action: "toggleLayout" },
  { key: "i", description: "Statistics", action: "toggleStatistics" },
  { key: "f", description: "Full screen", action: "toggleFullScreen" },
  { key: "Shift+L", description: "Leave the call", action: "leave" },
  { key: "?", description: "This list", action: "toggleShortcuts" },
];

const OFF = "rtc-notebook:shortcuts-off";

/** Whether single keys do something; people who dictate may want them not to (WCAG 2.1.4). */
export const keysAreOn = () => {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true;
  }
};

/** @param {boolean} on */
export function turnKeys(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {} // a page that may not keep anything
}

/** What a key event asks for. @param {Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">} event @param {Record<string, any>} view */
export function shortcutOf({ key, shiftKey, ctrlKey, altKey, metaKey }, view) {
  if (ctrlKey || altKey || metaKey) return undefined;
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const pressed = letter && shiftKey ? `Shift+${key.toUpperCase()}` : letter ? key.toLowerCase() : key;
  return SHORTCUTS.find((one) => one.key === pressed && typeof view[one.action] === "function");
}

/** Whether somebody is typing, or choosing with letters. @param {EventTarget | null} target */
export function typing(target) {
  const element = /** @type {HTMLElement | null} */ (target);
  if (!element?.matches) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input") && !element.matches("[type=checkbox], [type=radio], [type=range], [type=button]");
}

/**
 * Listens for the keys of a call: on a page of its own everywhere, in a notebook while the focus is within the call.
 * @param {CallView} view @param {boolean} everywhere @param {Document} [page] that the call is on
 * @param {Event[]} [early] keys and clicks that came before @returns {() => void} to stop
 */
export function listenForKeys(view, everywhere, page = document, early = []) {
  const talk = pressAndHold(view.call);
  /** @param {Event} raw */
  const down = (raw) => {
    const event = /** @type {KeyboardEvent} */ (raw);
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Tab") talk.pointed = false;
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!everywhere && ours(event)) event.stopPropagation();
    if (typing(event.target) || !keysAreOn() || !view.call.active) return;
    if (event.key === " " && plain && !event.shiftKey) {
      if (talk.down(event)) event.preventDefault();
      return;
    }
    const found = shortcutOf(event, view);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat && !view.side.loading) /** @type {Record<string, any>} */ (view)[found.action]();
  };
  const up = (/** @type {Event} */ event) => {
    if (/** @type {KeyboardEvent} */ (event).key === " " && talk.up()) event.preventDefault();
  };
  const point = () => void (talk.pointed = true);
  const place = everywhere ? page : view.element;
  place.addEventListener("keydown", down);
  place.addEventListener("keyup", up); // in whatever window it is
  place.addEventListener("pointerdown", point, true);
  const window = page.defaultView ?? globalThis;
  page.addEventListener("keyup", up, true); // the focus may be elsewhere by then
  window.addEventListener("blur", talk.up);
  for (const event of early) event.type === "keydown" ? down(event) : point();
  return () => {
    talk.up();
    place.removeEventListener("keydown", down);
    place.removeEventListener("keyup", up);
    place.removeEventListener("pointerdown", point, true);
    page.removeEventListener("keyup", up, true);
    window.removeEventListener("blur", talk.up);
  };
}
