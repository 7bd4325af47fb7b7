// The device menu in the call: a button, and what it opens above the controls.

import { iconButton } from "./controls.js";
import { DeviceFields } from "./devicefields.js";
import { h, setAttribute } from "./dom.js";

/** @typedef {import("./call.js").Call} Call */

export class DeviceMenu {
  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    const { devices } = call;
    this.fields = new DeviceFields({
      choices: devices.choices,
      list: devices.list,
      blur: call.blur,
      onblur: (on) => call.setBlur(on),
      onchoose: (kind, id) => void devices.choose(kind, id),
      ontreat: (name, on) => void devices.treat(name, on),
    });
    this.button = iconButton("settings", "Devices", () => this.toggle(), "rtc-devices");
    this.flip = iconButton("flip", "Switch to the other camera", () => void devices.flip(), "rtc-flip");
    const close = iconButton("close", "Close", () => this.toggle(false), "rtc-small");
    this.element = h(
      "div",
      {
        class: "rtc-menu rtc-device-menu", role: "dialog", "aria-label": "Devices", "data-lm-suppress-shortcuts": "true",
        onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.toggle(false),
      },
      h("div", { class: "rtc-side-head" }, h("h2", { class: "rtc-side-title" }, "Devices"), close),
      this.fields.element,
    );
    this.element.hidden = true;
    this.outside = (/** @type {Event} */ event) => {
      const path = event.composedPath();
      if (!path.includes(this.element) && !path.includes(this.button)) this.toggle(false, false);
    };
  }

  update() {
    const { call } = this;
    const { camera, microphone } = call.local;
    const over = !call.active;
    if (over && !this.element.hidden) this.toggle(false, false);
    const watch = call.house.role === "viewer" || (call.atTheDoor && !!call.options.watch);
    const phone = globalThis.matchMedia?.("(pointer: coarse)").matches;
    this.flip.hidden = !phone || !camera || call.devices.list.lists.camera.length < 2;
    if (!this.element.hidden) this.fields.update({ camera, microphone: call.speaking ? microphone : null }, { watch });
  }

  toggle(open = this.element.hidden, focus = true) {
    if (open === !this.element.hidden) return;
    this.element.hidden = !open;
    setAttribute(this.button, "aria-expanded", String(open));
    if (open) {
      document.addEventListener("pointerdown", this.outside, true);
      void this.call.devices.list.refresh();
      this.update();
      const first = Object.values(this.fields.selects).find(({ disabled }) => !disabled) ?? this.fields.test;
      if (focus) first.focus();
    } else {
      document.removeEventListener("pointerdown", this.outside, true);
      this.fields.close();
      if (focus) this.button.focus();
    }
  }

  close() {
    this.toggle(false, false);
    this.fields.close();
  }
}
