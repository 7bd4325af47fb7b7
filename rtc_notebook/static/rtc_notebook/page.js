// The call page: prejoin, then the call, full height.

import { roomUrl, socketUrl } from "./addresses.js";
import { Call } from "./call.js";
import { CallView } from "./callview.js";
import { Prejoin } from "./prejoin.js";

/** @typedef {{ baseUrl: string, room: string, user: { name: string, anonymous: boolean }, version: string }} PageConfig */

const REMEMBERED_NAME = "rtc-notebook:name";

const config = /** @type {PageConfig} */ (JSON.parse(document.getElementById("rtc-notebook-config")?.textContent ?? "{}"));
const root = /** @type {HTMLElement} */ (document.getElementById("rtc-notebook"));
const query = new URLSearchParams(location.search);
const base = new URL(config.baseUrl, location.href).href;
const fixed = !config.user.anonymous;
const wish = { camera: query.get("camera") !== "0", microphone: query.get("microphone") !== "0" };

/** @param {import("./prejoin.js").Choice} choice */
function join({ name, opened, ...devices }) {
  if (!fixed && name) localStorage.setItem(REMEMBERED_NAME, name);
  const { room, version: clientVersion } = config;
  const call = new Call({ url: socketUrl(base, room), link: roomUrl(base, room), room, clientVersion, name: fixed ? undefined : name, media: query.get("link") });
  const rejoin = () => void call.join({ camera: devices.camera, microphone: devices.microphone });
  const view = new CallView(call, { tab: false, rejoin });
  root.replaceChildren(view.element);
  addEventListener("pagehide", () => call.leave());
  void call.join(devices, opened);
}

root.classList.add("rtc-notebook", "rtc-full");
const name = query.get("name") ?? (fixed ? config.user.name : (localStorage.getItem(REMEMBERED_NAME) ?? ""));
if (query.has("join")) join({ name: query.get("name") ?? "", ...wish });
else root.replaceChildren(new Prejoin({ room: config.room, name: fixed ? config.user.name : name, fixed, ...wish }, join).element);
