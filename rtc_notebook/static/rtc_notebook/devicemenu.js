// The device menu in the call: a button, and what it opens above the controls.

import { iconButton } from "./controls.js";
import { style } from "./dom.js";
import { loader } from "./loader.js";
import { Opener } from "./opener.js";

/** @typedef {import("./call.js").Call} Call */

const panels = loader("devicepanel.js", () => import("./devicepanel.js"));

export class DeviceMenu {
  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.button = iconButton("settings", "Devices", () => void this.toggle(), "rtc-spare rtc-devices");
    this.flip = iconButton("flip", "Switch to the other camera", () => void call.devices.flip(), "rtc-spare rtc-flip");
    this.opener = new Opener(this.button, async () => {
      const [{ DevicePanel }] = await Promise.all([panels.get(), style("devices.css"), style("menus.css"), style("side.css")]);
      return new DevicePanel(call, () => void this.toggle(false));
    });
    this.element = this.opener.element;
  }

  update() {
    const { call } = this;
    if (!call.active) void this.toggle(false, false);
    const phone = globalThis.matchMedia?.("(pointer: coarse)").matches;
    this.flip.hidden = !phone || !call.local.camera || call.devices.list.lists.camera.length < 2;
    this.opener.panel?.update();
  }

  /** @param {boolean} [open] @param {boolean} [focus] */
  toggle(open, focus) {
    return this.opener.toggle(open, focus);
  }

  close() {
    void this.toggle(false, false);
  }
}
