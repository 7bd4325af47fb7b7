// The call page for guests: changes the token in the link for a session of one room, once, and goes in with that.

import { guestApiUrl, guestSocketUrl } from "./addresses.js";
import { visit } from "./callpage.js";
import { h } from "./dom.js";
import { recall } from "./remembered.js";

/** @typedef {{ baseUrl: string, version: string, xsrf: string }} GuestConfig */

const SESSION = "rtc-notebook:guest";
const config = /** @type {GuestConfig} */ (JSON.parse(document.getElementById("rtc-notebook-config")?.textContent ?? "{}"));
const root = /** @type {HTMLElement} */ (document.getElementById("rtc-notebook"));
const base = new URL(config.baseUrl, location.href).href;
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname + location.search); // no screenshot or bookmark carries it on
addEventListener("hashchange", () => location.reload()); // another invite was opened in this tab

root.classList.add("rtc-notebook", "rtc-full");
say("Joining…", "");
enter().catch((error) => say("Not in the call", `The server does not answer: ${error.message}. Reload the page to try again.`));

async function enter() {
  const kept = sessionStorage.getItem(SESSION);
  const body = token ? { token } : kept ? { session: kept } : null;
  if (!body) return say("You are not invited", "Open the link that you were sent; all of it, with what is behind the # sign.");
  const response = await fetch(guestApiUrl(base), {
    method: "POST", headers: { "Content-Type": "application/json", "X-XSRFToken": config.xsrf }, body: JSON.stringify(body),
  });
  const told = await response.json();
  if (!response.ok) return say("You cannot come in", told.message ?? response.statusText);
  sessionStorage.setItem(SESSION, told.session);
  if (token) recall(`${guestSocketUrl(base)} `); // who comes by a link is not who was here before
  document.title = `${told.room} - rtc-notebook`;
  await visit(root, {
    room: told.room, clientVersion: config.version, url: guestSocketUrl(base), protocols: ["rtc-notebook.guest", told.session],
    link: "", name: told.name, fixed: false, watch: told.role === "viewer",
  });
}

/** @param {string} title @param {string} text */
function say(title, text) {
  const words = [h("h1", { class: "rtc-panel-title" }, title), h("p", { class: "rtc-panel-text" }, text)];
  root.replaceChildren(h("div", { class: "rtc-call" }, h("div", { class: "rtc-main" }, h("div", { class: "rtc-panel", role: "status" }, ...words))));
}
