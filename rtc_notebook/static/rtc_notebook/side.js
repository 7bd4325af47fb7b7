// The side of the call: people, chat and what kernels do, one at a time, and the buttons that open them.

import { iconButton } from "./controls.js";
import { h, refocus, setAttribute, setText, style } from "./dom.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {"people" | "chat" | "kernel"} View
 * @typedef {{ element: HTMLElement, field?: HTMLElement, update: (open: boolean) => void }} Panel
 */

/** @type {Record<View, string>} */
const TITLES = { people: "People", chat: "Chat", kernel: "Filters and recording" };

/** What is in it comes when it is opened first. @type {Record<View, (side: Side) => Promise<Panel>>} */
const PANELS = {
  people: async (side) => new (await import("./peopleview.js")).PeopleView(side.call, () => void side.invite()),
  chat: async ({ call }) => new (await import("./chatview.js")).ChatView(call),
  kernel: async ({ call }) => {
    const [{ KernelView }] = await Promise.all([import("./kernelview.js"), style("kernel.css")]);
    return new KernelView(call);
  },
};

export class Side {
  /** @type {"" | View} */ #open = "";
  /** @type {"" | View} what is to be open once it is loaded */ #wanted = "";
  /** @type {Map<View, Promise<Panel>>} */ #loading = new Map();
  /** @type {Map<View, Panel>} */ #panels = new Map();
  /** @type {import("./invitedialog.js").InviteDialog | null} */ #dialog = null;

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.title = h("h2", { class: "rtc-side-title" });
    this.check = h("button", { type: "button", class: "rtc-quiet rtc-check", onclick: () => void this.examine() }, "What works from here");
    const close = iconButton("close", "Close", () => void this.#show(""), "rtc-small");
    this.element = h(
      "aside",
      {
        class: "rtc-side", "aria-label": "Beside the call",
        "data-lm-suppress-shortcuts": "true", // typing here is none of JupyterLab's
      },
      h("div", { class: "rtc-side-head" }, this.title, close),
      this.check,
    );
    this.hand = iconButton("hand", "Raise your hand", () => call.house.raiseHand(!call.house.hand), "rtc-hand rtc-spare");
    this.peopleButton = iconButton("people", "People", () => this.toggle("people"), "rtc-side-button rtc-people-button");
    this.chatButton = iconButton("chat", "Chat", () => this.toggle("chat"), "rtc-side-button rtc-chat-button");
    this.kernelButton = iconButton("filter", TITLES.kernel, () => this.toggle("kernel"), "rtc-side-button rtc-spare rtc-kernel-button");
    this.buttons = [this.hand, this.chatButton, this.peopleButton, this.kernelButton];
  }

  /** Whether what was asked for is on its way: what is typed meanwhile is meant for it. */
  get loading() {
    return this.#wanted !== this.#open;
  }

  update() {
    const { house } = this.call;
    const here = this.call.me !== null;
    this.element.hidden = !this.#open || !here;
    for (const button of this.buttons) button.hidden = this.call.atTheDoor;
    this.kernelButton.hidden ||= house.role === "viewer";
    if (this.#open === "kernel" && house.role === "viewer") return void this.#show("");
    this.check.hidden = this.#open !== "people";
    if (this.#open === "chat" && here) house.read();
    if (this.#open) setText(this.title, TITLES[this.#open]);
    this.#mark(this.chatButton, "chat", house.unread ? String(Math.min(house.unread, 99)) : "", house.unread ? `Chat, ${house.unread} new` : "Chat");
    const waiting = house.waiting.length;
    this.#mark(this.peopleButton, "people", waiting ? String(waiting) : "", waiting ? `People, ${waiting} waiting` : "People");
    this.#mark(this.kernelButton, "kernel", "", TITLES.kernel);
    setAttribute(this.hand, "aria-pressed", String(house.hand));
    for (const [view, panel] of this.#panels) {
      panel.element.hidden = this.#open !== view;
      panel.update(this.#open === view);
    }
    this.#dialog?.update();
  }

  /** Shows the invites. */
  async invite() {
    const { InviteDialog } = await import("./invitedialog.js");
    if (!this.#dialog) {
      this.#dialog = new InviteDialog(this.call);
      this.element.closest(".rtc-call")?.append(this.#dialog.element);
    }
    this.#dialog.open();
  }

  /** Says what of a call works from this browser. */
  async examine() {
    const { examine } = await import("./doctorview.js");
    await style("side.css");
    examine(this.call, this.element.closest(".rtc-call") ?? this.element);
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
    void this.#show(this.#wanted === view ? "" : view);
  }

  /** @param {"" | View} view */
  async #show(view) {
    this.#wanted = view;
    if (view && !this.#panels.has(view)) await this.#load(view);
    if (this.#wanted !== view) return;
    const before = this.#open;
    this.#open = view;
    this.update();
    if (view) this.#panels.get(view)?.field?.focus();
    else refocus(this[/** @type {const} */ (`${before || "people"}Button`)]);
  }

  /** @param {View} view */
  async #load(view) {
    const loading = this.#loading.get(view) ?? Promise.all([PANELS[view](this), style("side.css")]).then(([panel]) => panel);
    this.#loading.set(view, loading);
    try {
      const panel = await loading;
      if (!this.#panels.has(view)) this.check.before(panel.element);
      this.#panels.set(view, panel);
    } catch (error) {
      this.#loading.delete(view); // the server is away; another click tries again
      if (this.#wanted === view) this.#wanted = this.#open;
      throw error;
    }
  }

  /** Closes what is open. */
  close() {
    if (this.#open) void this.#show("");
  }
}
