// The dialog that says what works from here.

import { checks } from "./doctor.js";
import { h } from "./dom.js";

/** @typedef {import("./doctor.js").Finding} Finding */

const MARK = { ok: "✓", note: "•", fail: "✗" };
const WORDS = { ok: "works", note: "note", fail: "does not work" };

/** Checks and shows; gone once it is closed. @param {import("./call.js").Call} call @param {HTMLElement} host */
export function examine(call, host) {
  const list = h("div", { class: "rtc-doctor", role: "log", "aria-label": "What works from here", "aria-busy": "true" });
  const close = h("button", { type: "button", class: "rtc-quiet", onclick: () => dialog.close() }, "Close");
  const head = h("div", { class: "rtc-dialog-head" }, h("h2", {}, "What works from here"), close);
  const lead = h("p", { class: "rtc-side-hint" }, "Seen from this browser. For the server’s side: jupyter rtc-notebook doctor.");
  const dialog = h("dialog", { class: "rtc-dialog", "aria-label": "What works from here", "data-lm-suppress-shortcuts": "true", onclose: () => dialog.remove() }, head, lead, list);
  host.append(dialog);
  dialog.showModal();
  const running = checks(call).map((check) => {
    const place = h("div", {});
    list.append(place);
    return check.then((findings) => place.replaceWith(...findings.map(row)));
  });
  void Promise.allSettled(running).then(() => list.setAttribute("aria-busy", "false"));
}

/** @param {Finding} finding */
function row({ subject, verdict, text }) {
  const mark = h("span", { class: "rtc-doctor-mark", role: "img", "aria-label": WORDS[verdict] }, MARK[verdict]);
  return h("div", { class: "rtc-doctor-row", "data-verdict": verdict, "data-subject": subject }, mark, h("span", {}, h("b", {}, subject), `: ${text}`));
}
