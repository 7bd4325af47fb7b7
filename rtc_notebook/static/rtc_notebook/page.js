// The call page for who is logged in.

import { roomUrl, socketUrl } from "./addresses.js";
import { visit } from "./callpage.js";

/** @typedef {{ baseUrl: string, room: string, user: { name: string, anonymous: boolean }, version: string }} PageConfig */

const config = /** @type {PageConfig} */ (JSON.parse(document.getElementById("rtc-notebook-config")?.textContent ?? "{}"));
const root = /** @type {HTMLElement} */ (document.getElementById("rtc-notebook"));
const base = new URL(config.baseUrl, location.href).href;
const { room, user, version: clientVersion } = config;

root.classList.add("rtc-notebook", "rtc-full");
void visit(root, {
  room, clientVersion, url: socketUrl(base, room), link: roomUrl(base, room), name: user.anonymous ? "" : user.name, fixed: !user.anonymous,
});
