// The page of rooms: which calls are on, join one, start one.

import { roomUrl, roomsApiUrl } from "./addresses.js";
import { h, keyed, setText } from "./dom.js";
import { COLOURS, colourOf, initials } from "./room.js";

/** @typedef {{ name: string, participants: string[] }} OpenRoom */

const REFRESH = 4_000;
const FACES = 4;

const config = JSON.parse(document.getElementById("rtc-notebook-config")?.textContent ?? "{}");
const base = new URL(config.baseUrl, location.href).href;
const root = /** @type {HTMLElement} */ (document.getElementById("rtc-notebook"));

const list = h("div", { class: "rtc-rooms-list" });
const hint = h("p", { class: "rtc-rooms-hint", role: "status" }, "Looking for calls…");
const field = h("input", {
  class: "rtc-field", type: "text", required: true, maxlength: 64, placeholder: "Name of a room", "aria-label": "Name of a room",
  pattern: "[\\p{L}\\p{N}_][\\p{L}\\p{N}_ .\\-]*", title: "Letters, digits, spaces, '.', '-' and '_'", autocomplete: "off",
});
const form = h("form", { class: "rtc-rooms-new", onsubmit: start }, field, h("button", { type: "submit", class: "rtc-primary" }, "Start or join"));

root.classList.add("rtc-notebook", "rtc-full", "rtc-rooms");
root.replaceChildren(
  h("div", { class: "rtc-rooms-inner" }, h("h1", {}, "Calls"), h("p", { class: "rtc-rooms-lead" }, "Pick a room that is open, or name a new one."), form, hint, list),
);

/** @param {Event} event */
function start(event) {
  event.preventDefault();
  const name = field.value.trim();
  if (name) location.href = roomUrl(base, name);
}

/** @param {OpenRoom} room */
function row({ name }) {
  return h(
    "a",
    { class: "rtc-rooms-row", href: roomUrl(base, name) },
    h("span", { class: "rtc-rooms-name" }, name),
    h("span", { class: "rtc-rooms-who" }),
    h("span", { class: "rtc-rooms-faces", "aria-hidden": "true" }),
  );
}

/** @param {HTMLElement} element @param {OpenRoom} room */
function fill(element, { participants }) {
  const [, who, faces] = /** @type {HTMLElement[]} */ ([...element.children]);
  setText(who, participants.join(", "));
  keyed(faces, participants.slice(0, FACES), (name) => name, (name) => {
    return h("span", { class: "rtc-avatar", "data-colour": colourOf(name, COLOURS) }, initials(name));
  });
}

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(roomsApiUrl(base), { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const { rooms } = /** @type {{ rooms: OpenRoom[] }} */ (await response.json());
    keyed(list, rooms, ({ name }) => name, row, fill);
    setText(hint, rooms.length ? "" : "No call is on right now.");
  } catch (error) {
    setText(hint, `The list of rooms could not be read: ${/** @type {Error} */ (error).message}`);
  }
}

setInterval(refresh, REFRESH);
document.addEventListener("visibilitychange", refresh);
void refresh();
