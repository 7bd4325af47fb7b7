// The chat: what was written, and a field to write in.

import { h, keyed, setAttribute } from "./dom.js";
import { icon } from "./moreicons.js";
import { rich } from "./richtext.js";

/** @typedef {import("./call.js").Call} Call */

const MOST = 4_000;

export class ChatView {
  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.list = h("div", { class: "rtc-chat-lines", role: "log", "aria-label": "Chat", "aria-live": "polite", tabindex: "0" });
    this.field = h("textarea", {
      class: "rtc-field rtc-chat-field", rows: 2, maxlength: MOST, "aria-label": "Write to everybody", placeholder: "Write to everybody",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    const send = h("button", { type: "submit", class: "rtc-button rtc-chat-send", "aria-label": "Send", title: "Send" }, icon("send"));
    this.form = h("form", { class: "rtc-chat-form", onsubmit: (/** @type {Event} */ event) => this.#send(event) }, this.field, send);
    this.empty = h("p", { class: "rtc-side-hint" }, "Nothing written yet. `code` and links are shown as such.");
    this.element = h("div", { class: "rtc-chat" }, this.empty, this.list, this.form);
  }

  update() {
    const { lines } = this.call.house;
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    this.empty.hidden = lines.length > 0;
    keyed(list, lines, ({ id }) => String(id), (line) => this.#line(line));
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  /** @param {import("./protocol.js").ChatLine} line */
  #line({ by, name, text, time }) {
    const when = new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const head = h("div", { class: "rtc-chat-head" }, h("b", {}, name), h("time", {}, when));
    const element = h("div", { class: "rtc-chat-line" }, head, h("div", { class: "rtc-chat-text", dir: "auto" }, ...rich(text)));
    setAttribute(element, "data-own", by === this.call.me);
    return element;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape") event.stopPropagation(); // Jupyter has shortcuts of its own
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#send(event);
  }

  /** @param {Event} event */
  #send(event) {
    event.preventDefault();
    this.call.house.write(this.field.value);
    this.field.value = "";
  }
}
