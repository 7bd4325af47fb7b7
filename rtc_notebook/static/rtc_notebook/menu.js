// A menu (ARIA Authoring Practices, menu button): what it opens, above the controls. Loaded when it is opened first.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {SVGElement} icon
 * @property {() => void} act
 * @property {"menuitem" | "menuitemradio" | "menuitemcheckbox"} [role]
 * @property {boolean} [checked]
 *
 * @typedef {{ label: string, items: Item[] }} Group
 */

export class Menu {
  /** @param {string} label @param {() => Group[]} groups what is in it now @param {(focus: boolean) => void} onclose */
  constructor(label, groups, onclose) {
    this.groups = groups;
    this.onclose = onclose;
    this.element = h("div", {
      class: "rtc-menu rtc-more-menu", role: "menu", "aria-label": label, hidden: true,
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
  }

  /** Fills it with what is there now. */
  opened() {
    const shown = this.groups().filter(({ items }) => items.length);
    this.element.replaceChildren(...shown.flatMap(({ label, items }, index) => [
      ...(index ? [h("div", { class: "rtc-menu-line", role: "separator" })] : []),
      h("div", { role: "group", "aria-label": label }, ...items.map((item) => this.#item(item))),
    ]));
  }

  focus() {
    this.#stop(0)?.focus();
  }

  /** @param {Item} item */
  #item({ label, icon: picture, act, role = "menuitem", checked }) {
    const onclick = () => {
      this.onclose(true);
      act();
    };
    const attributes = { type: "button", class: "rtc-menu-item", role, onclick, "aria-checked": checked === undefined ? null : String(checked) };
    return h("button", attributes, picture, h("span", {}, label), icon("check"));
  }

  /** Makes this item the menu's one stop for Tab. @param {number} at */
  #stop(at) {
    const items = [...this.element.querySelectorAll("button")];
    for (const item of items) item.tabIndex = item === items[at] ? 0 : -1;
    return items.at(at);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = [...this.element.querySelectorAll("button")];
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) this.#stop(to % items.length)?.focus();
    else if (event.key === "Escape") this.onclose(true);
    else if (event.key === "Tab") return this.onclose(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
