// The side of the call: people and chat, one at a time, and the buttons that open them.

import { ChatView } from "./chatview.js";
import { iconButton } from "./controls.js";
import { h, setAttribute, setText } from "./dom.js";
import { InviteDialog } from "./invitedialog.js";
import { PeopleView } from "./peopleview.js";

/** @typedef {import("./call.js").Call} Call */

export class Side {
  /** @type {"" | "people" | "chat"} */ #open = "";

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.dialog = new InviteDialog(call);
    this.chat = new ChatView(call);
    this.people = new PeopleView(call, () => this.dialog.open());
    this.title = h("h2", { class: "rtc-side-title" });
    this.check = h("button", { type: "button", class: "rtc-quiet rtc-check", onclick: () => void this.examine() }, "What works from here");
    const close = iconButton("close", "Close", () => this.#show(""), "rtc-small");
    this.element = h(
      "aside",
      {
        class: "rtc-side", "aria-label": "People and chat",
        "data-lm-suppress-shortcuts": "true", // typing here is none of JupyterLab's
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      h("div", { class: "rtc-side-head" }, this.title, close),
      this.people.element,
      this.check,
      this.chat.element,
    );
    this.hand = iconButton("hand", "Raise your hand", () => call.house.raiseHand(!call.house.hand), "rtc-hand");
    this.peopleButton = iconButton("people", "People", () => this.toggle("people"), "rtc-side-button rtc-people-button");
    this.chatButton = iconButton("chat", "Chat", () => this.toggle("chat"), "rtc-side-button rtc-chat-button");
    this.buttons = [this.hand, this.chatButton, this.peopleButton];
  }

  update() {
    const { house } = this.call;
    const here = this.call.me !== null;
    this.element.hidden = !this.#open || !here;
    for (const button of this.buttons) button.hidden = this.call.atTheDoor;
    this.people.element.hidden = this.#open !== "people";
    this.check.hidden = this.#open !== "people";
    this.chat.element.hidden = this.#open !== "chat";
    if (this.#open === "chat" && here) house.read();
    setText(this.title, this.#open === "chat" ? "Chat" : "People");
    this.#mark(this.chatButton, "chat", house.unread ? String(Math.min(house.unread, 99)) : "", house.unread ? `Chat, ${house.unread} new` : "Chat");
    const waiting = house.waiting.length;
    this.#mark(this.peopleButton, "people", waiting ? String(waiting) : "", waiting ? `People, ${waiting} waiting` : "People");
    setAttribute(this.hand, "aria-pressed", String(house.hand));
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

  /** @param {"people" | "chat"} view */
  toggle(view) {
    this.#show(this.#open === view ? "" : view);
  }

  /** @param {"" | "people" | "chat"} view */
  #show(view) {
    const before = this.#open;
    this.#open = view;
    this.update();
    if (view === "chat") this.chat.field.focus();
    else if (!view) (before === "chat" ? this.chatButton : this.peopleButton).focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#show("");
  }
}
