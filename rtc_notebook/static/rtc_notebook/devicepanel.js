// What the device menu opens: the fields, above the controls. Loaded when it is opened first.

import { iconButton } from "./controls.js";
import { DeviceFields } from "./devicefields.js";
import { h } from "./dom.js";

/** @typedef {import("./call.js").Call} Call */

export class DevicePanel {
  /** @param {Call} call @param {() => void} onclose */
  constructor(call, onclose) {
    const { devices } = call;
    this.call = call;
    this.fields = new DeviceFields({
      choices: devices.choices,
      list: devices.list,
      blur: call.blur,
      onblur: (on) => call.setBlur(on),
      onchoose: (kind, id) => void devices.choose(kind, id),
      ontreat: (name, on) => void devices.treat(name, on),
    });
    const close = iconButton("close", "Close", onclose, "rtc-small");
    this.element = h(
      "div",
      {
        class: "rtc-menu rtc-device-menu", role: "dialog", "aria-label": "Devices", "data-lm-suppress-shortcuts": "true", hidden: true,
        onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (event.stopPropagation(), onclose()),
      },
      h("div", { class: "rtc-side-head" }, h("h2", { class: "rtc-side-title" }, "Devices"), close),
      this.fields.element,
    );
  }

  opened() {
    void this.call.devices.list.refresh();
    this.update();
  }

  closed() {
    this.fields.close();
  }

  update() {
    const { call } = this;
    const { camera, microphone } = call.local;
    const watch = call.house.role === "viewer" || (call.atTheDoor && !!call.options.watch);
    this.fields.update({ camera, microphone: call.speaking ? microphone : null }, { watch });
  }

  focus() {
    const { selects, test } = this.fields;
    (Object.values(selects).find(({ disabled }) => !disabled) ?? test).focus();
  }
}
