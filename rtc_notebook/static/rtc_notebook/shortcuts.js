// Keyboard shortcuts: a table of them, and what listens for them.

import { ours } from "./dom.js";
import { LAYOUTS } from "./layout.js";
import { pressAndHold } from "./pushtotalk.js";

/**
 * A key (as in `KeyboardEvent.key`; `Shift+` before it where it is to be held), what it does, and how.
 * @typedef {{ key: string, description: string, act: (view: CallView) => unknown }} Shortcut
 * @typedef {import("./callview.js").CallView} CallView
 */

/** @type {Shortcut[]} */
export const SHORTCUTS = [
  { key: "m", description: "Microphone on or off", act: ({ call, controls }) => controls.microphone.hidden || call.setMicrophone(!call.speaking) },
  { key: "v", description: "Camera on or off", act: ({ call, controls }) => controls.camera.hidden || call.setCamera(!call.local.camera) },
  { key: "s", description: "Share the screen, or stop", act: ({ call, controls }) => controls.screen.hidden || call.setScreen(!call.local.screen) },
  { key: "c", description: "Chat", act: ({ call, side }) => call.atTheDoor || side.toggle("chat") },
  { key: "p", description: "People", act: ({ call, side }) => call.atTheDoor || side.toggle("people") },
  { key: "h", description: "Raise or lower your hand", act: ({ call }) => call.atTheDoor || call.house.raiseHand(!call.house.hand) },
  { key: "d", description: "Devices", act: ({ menu }) => menu.toggle() },
  { key: "l", description: "Layout", act: ({ stage, view }) => view.setLayout(LAYOUTS[(LAYOUTS.indexOf(stage.layout) + 1) % LAYOUTS.length]) },
  { key: "i", description: "Statistics", act: ({ view }) => view.toggleStatistics() },
  { key: "f", description: "Full screen", act: ({ view }) => view.toggleFullScreen() },
  { key: "Shift+L", description: "Leave the call", act: ({ call }) => call.leave() },
  { key: "?", description: "This list", act: (view) => view.toggleShortcuts() },
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

/** What a key event asks for. @param {Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">} event */
export function shortcutOf({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey) return undefined;
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const pressed = letter && shiftKey ? `Shift+${key.toUpperCase()}` : letter ? key.toLowerCase() : key;
  return SHORTCUTS.find((one) => one.key === pressed);
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
    const found = shortcutOf(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat && !view.side.loading) found.act(view);
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
