// What the call page does for whoever may be in the room: a look in the mirror, then the call, full height.

import { BackgroundBlur } from "./blur.js";
import { Call } from "./call.js";
import { CallView } from "./callview.js";
import { style } from "./dom.js";
import { remembers } from "./remembered.js";

/**
 * @typedef {object} Visit
 * @property {string} room
 * @property {string} url of the socket
 * @property {string[]} [protocols]
 * @property {string} link that is copied for others
 * @property {string} clientVersion
 * @property {string} name
 * @property {boolean} fixed whether the server knows the name
 * @property {boolean} [watch] whether nothing may be sent
 */

const REMEMBERED_NAME = "rtc-notebook:name";
const query = new URLSearchParams(location.search);

/** @param {HTMLElement} root @param {Visit} visit */
export async function visit(root, { fixed, watch = false, name: known, ...where }) {
  const wish = { camera: !watch && query.get("camera") !== "0", microphone: !watch && query.get("microphone") !== "0" };
  const name = fixed ? known : (query.get("name") ?? (known || (localStorage.getItem(REMEMBERED_NAME) ?? "")));

  const blur = new BackgroundBlur(where.url);

  /** @param {import("./prejoin.js").Choice} choice */
  function join({ name, opened, camera, microphone }) {
    if (!fixed && name) localStorage.setItem(REMEMBERED_NAME, name);
    const call = new Call({ ...where, watch, blur, media: query.get("link"), name: fixed ? undefined : name });
    const view = new CallView(call, { tab: false, rejoin: () => void call.join({ camera, microphone }) });
    root.replaceChildren(view.element);
    addEventListener("pagehide", () => call.suspend());
    void call.join({ camera, microphone }, opened);
  }

  if (query.has("join") || remembers(where.url)) join({ name, ...wish });
  else {
    const [{ Prejoin }] = await Promise.all([import("./prejoin.js"), style("devices.css"), style("prejoin.css")]);
    root.replaceChildren(new Prejoin({ room: where.room, name, fixed, watch, blur, ...wish }, join).element);
  }
}
