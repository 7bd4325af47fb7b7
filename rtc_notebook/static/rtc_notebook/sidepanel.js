// What is beside the call: people, chat and what kernels do, one at a time. Each comes when it is opened first.

import { iconButton } from "./controls.js";
import { h, setText, style } from "./dom.js";
import { loader } from "./loader.js";

/**
 * @typedef {import("./side.js").Side} Side
 * @typedef {import("./side.js").View} View
 * @typedef {{ element: HTMLElement, field?: HTMLElement, update: (open: boolean) => void }} Panel
 */

/** @type {Record<View, string>} */
const TITLES = { people: "People", chat: "Chat", kernel: "Filters and recording" };

const people = loader("peopleview.js", () => import("./peopleview.js"));
const chat = loader("chatview.js", () => import("./chatview.js"));
const kernel = loader("kernelview.js", () => import("./kernelview.js"));

/** @type {Record<View, (side: Side) => Promise<Panel>>} */
const PANELS = {
  people: async (side) => new (await people.get()).PeopleView(side.call, () => void side.invite()),
  chat: async ({ call }) => new (await chat.get()).ChatView(call),
  kernel: async ({ call }) => {
    const [{ KernelView }] = await Promise.all([kernel.get(), style("kernel.css")]);
    return new KernelView(call);
  },
};

export class SidePanel {
  /** @type {Map<View, Panel>} */ #panels = new Map();
  /** @type {Map<View, Promise<Panel>>} */ #loading = new Map();

  /** @param {Side} side */
  constructor(side) {
    this.side = side;
    this.title = h("h2", { class: "rtc-side-title" });
    this.check = h("button", { type: "button", class: "rtc-quiet rtc-examine", onclick: () => void side.examine() }, "What works from here");
    const close = iconButton("close", "Close", () => side.close(), "rtc-small");
    side.element.append(h("div", { class: "rtc-side-head" }, this.title, this.check, close));
  }

  /** @param {View} view */
  async load(view) {
    const loading = this.#loading.get(view) ?? PANELS[view](this.side);
    this.#loading.set(view, loading);
    try {
      const panel = await loading;
      if (!this.#panels.has(view)) this.side.element.append(panel.element);
      this.#panels.set(view, panel);
    } catch (error) {
      this.#loading.delete(view);
      throw error;
    }
  }

  /** @param {View} view */
  focus(view) {
    this.#panels.get(view)?.field?.focus();
  }

  /** @param {"" | View} open */
  update(open) {
    this.check.hidden = open !== "people";
    if (open) setText(this.title, TITLES[open]);
    for (const [view, panel] of this.#panels) {
      panel.element.hidden = open !== view;
      panel.update(open === view);
    }
  }
}
