// The side of the call: people, chat and what kernels do, one at a time, and the buttons that open them.

import { ChatView } from "./chatview.js";
import { iconButton } from "./controls.js";
import { h, setAttribute, setText } from "./dom.js";
import { InviteDialog } from "./invitedialog.js";
import { KernelView } from "./kernelview.js";
import { PeopleView } from "./peopleview.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {"people" | "chat" | "kernel"} View */

/** @type {Record<View, string>} */
const TITLES = { people: "People", chat: "Chat", kernel: "Filters and recording" };

export class Side {
  /** @type {"" | View} */ #open = "";

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.dialog = new InviteDialog(call);
    this.chat = new ChatView(call);
    this.people = new PeopleView(call, () => this.dialog.open());
    this.kernel = new KernelView(call);
    this.title = h("h2", { class: "rtc-side-title" });
    this.check = h("button", { type: "button", class: "rtc-quiet rtc-check", onclick: () => void this.examine() }, "What works from here");
    const close = iconButton("close", "Close", () => this.#show(""), "rtc-small");
    this.element = h(
      "aside",
      {
        class: "rtc-side", "aria-label": "Beside the call",
        "data-lm-suppress-shortcuts": "true", // typing here is none of JupyterLab's
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      h("div", { class: "rtc-side-head" }, this.title, close),
      this.people.element,
      this.check,
      this.chat.element,
      this.kernel.element,
    );
    this.hand = iconButton("hand", "Raise your hand", () => call.house.raiseHand(!call.house.hand), "rtc-hand");
    this.peopleButton = iconButton("people", "People", () => this.toggle("people"), "rtc-side-button rtc-people-button");
    this.chatButton = iconButton("chat", "Chat", () => this.toggle("chat"), "rtc-side-button rtc-chat-button");
    this.kernelButton = iconButton("filter", TITLES.kernel, () => this.toggle("kernel"), "rtc-side-button rtc-kernel-button");
    this.buttons = [this.hand, this.chatButton, this.peopleButton, this.kernelButton];
  }

  update() {
    const { house } = this.call;
    const here = this.call.me !== null;
    this.element.hidden = !this.#open || !here;
    for (const button of this.buttons) button.hidden = this.call.atTheDoor;
    this.kernelButton.hidden ||= house.role === "viewer";
    if (this.#open === "kernel" && house.role === "viewer") return this.#show("");
    this.kernel.element.hidden = this.#open !== "kernel";
    this.people.element.hidden = this.#open !== "people";
    this.check.hidden = this.#open !== "people";
    this.chat.element.hidden = this.#open !== "chat";
    if (this.#open === "chat" && here) house.read();
    if (this.#open) setText(this.title, TITLES[this.#open]);
    this.#mark(this.chatButton, "chat", house.unread ? String(Math.min(house.unread, 99)) : "", house.unread ? `Chat, ${house.unread} new` : "Chat");
    const waiting = house.waiting.length;
    this.#mark(this.peopleButton, "people", waiting ? String(waiting) : "", waiting ? `People, ${waiting} waiting` : "People");
    this.#mark(this.kernelButton, "kernel", "", TITLES.kernel);
    setAttribute(this.hand, "aria-pressed", String(house.hand));
    this.kernel.update(this.#open === "kernel");
    this.people.update();
    this.chat.update();
    this.dialog.update();
  }

  /** Says what of a call works from this browser. */
  async examine() {
    const { examine } = await import("./doctorview.js");
    examine(this.call, this.dialog.element.parentElement ?? this.element);
  }

  /** @param {HTMLElement} button @param {string} view @param {string} mark @param {string} label */
  #mark(button, view, mark, label) {
    setAttribute(button, "aria-expanded", String(this.#open === view));
    setAttribute(button, "data-mark", mark || null);
    setAttribute(button, "aria-label", label);
    setAttribute(button, "title", label);
  }

  /** @param {View} view */
  toggle(view) {
    this.#show(this.#open === view ? "" : view);
  }

  /** @param {"" | View} view */
  #show(view) {
    const before = this.#open;
    this.#open = view;
    this.update();
    if (view === "chat") this.chat.field.focus();
    else if (!view) this[/** @type {const} */ (`${before || "people"}Button`)].focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#show("");
  }
}
