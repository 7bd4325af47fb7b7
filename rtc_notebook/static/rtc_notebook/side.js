// The buttons of what is beside the call: people, chat and what kernels do. What they open is sidepanel.js's, loaded
// with the first of it.

import { iconButton } from "./controls.js";
import { h, refocus, setAttribute, style } from "./dom.js";
import { loader } from "./loader.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {"people" | "chat" | "kernel"} View
 */

const panels = loader("sidepanel.js", () => import("./sidepanel.js"));
const dialogs = loader("invitedialog.js", () => import("./invitedialog.js"));
const doctors = loader("doctorview.js", () => import("./doctorview.js"));

export class Side {
  /** @type {"" | View} the panel that is open */ open = "";
  /** @type {"" | View} what is to be open once it is loaded */ #wanted = "";
  /** @type {import("./sidepanel.js").SidePanel | null} */ #panel = null;
  /** @type {import("./invitedialog.js").InviteDialog | null} */ #dialog = null;

  /** @param {Call} call @param {() => void} onchange called when another panel is open, or none */
  constructor(call, onchange) {
    this.call = call;
    this.onchange = onchange;
    this.element = h("aside", { class: "rtc-side", "aria-label": "Beside the call", hidden: true, "data-lm-suppress-shortcuts": "true" }); // typing here is none of JupyterLab's
    this.hand = iconButton("hand", "Raise your hand", () => call.house.raiseHand(!call.house.hand), "rtc-hand rtc-spare");
    this.peopleButton = iconButton("people", "People", () => this.toggle("people"), "rtc-side-button rtc-people-button");
    this.chatButton = iconButton("chat", "Chat", () => this.toggle("chat"), "rtc-side-button rtc-chat-button");
    this.kernelButton = iconButton("filter", "Filters and recording", () => this.toggle("kernel"), "rtc-side-button rtc-spare rtc-kernel-button");
    this.buttons = [this.hand, this.chatButton, this.peopleButton, this.kernelButton];
  }

  /** Whether what was asked for is on its way: what is typed meanwhile is meant for it. */
  get loading() {
    return this.#wanted !== this.open;
  }

  update() {
    const { house, me, atTheDoor } = this.call;
    this.element.hidden = !this.open || me === null;
    for (const button of this.buttons) button.hidden = atTheDoor;
    this.kernelButton.hidden ||= house.role === "viewer";
    if (this.open === "kernel" && house.role === "viewer") return void this.#show("");
    if (this.open === "chat" && me !== null) house.read();
    this.#mark(this.chatButton, "chat", "Chat", house.unread, "new");
    this.#mark(this.peopleButton, "people", "People", house.waiting.length, "waiting");
    this.#mark(this.kernelButton, "kernel", "Filters and recording");
    setAttribute(this.hand, "aria-pressed", String(house.hand));
    this.#panel?.update(this.open);
    this.#dialog?.update();
  }

  /** Shows the link to the call, and invites. */
  async invite() {
    const [{ InviteDialog }] = await Promise.all([dialogs.get(), style("side.css")]);
    if (!this.#dialog) {
      this.#dialog = new InviteDialog(this.call);
      this.element.closest(".rtc-call")?.append(this.#dialog.element);
    }
    this.#dialog.open();
  }

  /** Says what of a call works from this browser. */
  async examine() {
    const [{ examine }] = await Promise.all([doctors.get(), style("side.css")]);
    examine(this.call, this.element.closest(".rtc-call") ?? this.element);
  }

  /** @param {HTMLElement} button @param {View} view @param {string} name @param {number} [count] @param {string} [what] */
  #mark(button, view, name, count = 0, what = "") {
    const label = count ? `${name}, ${count} ${what}` : name;
    setAttribute(button, "aria-expanded", String(this.open === view));
    setAttribute(button, "data-mark", count ? Math.min(count, 99) : null);
    setAttribute(button, "aria-label", label);
    setAttribute(button, "title", label);
  }

  /** @param {View} view */
  toggle(view) {
    void this.#show(this.#wanted === view ? "" : view);
  }

  /** Closes what is open. */
  close() {
    if (this.open) void this.#show("");
  }

  /** @param {"" | View} view */
  async #show(view) {
    this.#wanted = view;
    try {
      if (view) await this.#load(view);
    } catch (error) {
      if (this.#wanted === view) this.#wanted = this.open; // the server is away; another click tries again
      throw error;
    }
    if (this.#wanted !== view) return;
    const before = this.open;
    this.open = view;
    this.update();
    this.onchange();
    if (view) this.#panel?.focus(view);
    else refocus(this[/** @type {const} */ (`${before || "people"}Button`)]);
  }

  /** @param {View} view */
  async #load(view) {
    const [{ SidePanel }] = await Promise.all([panels.get(), style("side.css")]);
    this.#panel ??= new SidePanel(this);
    await this.#panel.load(view);
  }
}
