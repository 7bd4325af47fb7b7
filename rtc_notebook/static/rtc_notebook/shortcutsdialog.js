// The list of keyboard shortcuts, as a dialog.

import { h } from "./dom.js";
import { SHORTCUTS, keysAreOn, turnKeys } from "./shortcuts.js";

export class ShortcutsDialog {
  constructor() {
    this.list = h("div", { class: "rtc-keys" });
    this.on = h("input", { type: "checkbox", onchange: () => turnKeys(this.on.checked) });
    const close = h("button", { type: "button", class: "rtc-quiet", onclick: () => this.element.close() }, "Close");
    this.element = h(
      "dialog",
      {
        class: "rtc-dialog rtc-keys-dialog", "aria-label": "Keyboard shortcuts", "data-lm-suppress-shortcuts": "true",
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      h("div", { class: "rtc-dialog-head" }, h("h2", {}, "Keyboard shortcuts"), close),
      this.list,
      h("label", { class: "rtc-check rtc-keys-on" }, this.on, "Single keys work in the call"),
    );
  }

  toggle() {
    if (this.element.open) return this.element.close();
    const row = (/** @type {string} */ key, /** @type {string} */ words) => {
      return h("div", { class: "rtc-keys-row" }, h("span", {}, words), h("span", {}, ...key.split("+").map((one) => h("kbd", {}, one.toUpperCase()))));
    };
    this.list.replaceChildren(...SHORTCUTS.map(({ key, description }) => row(key, description)), row("Space", "Hold to talk while the microphone is off"));
    this.on.checked = keysAreOn();
    this.element.showModal();
  }

  /** Keys pressed in the dialog are its own. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "?") this.element.close();
    event.stopPropagation();
  }
}
