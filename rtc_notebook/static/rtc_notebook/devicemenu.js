// The device menu in the call: a button, and what it opens above the controls.

import { iconButton } from "./controls.js";
import { h, refocus, setAttribute, style } from "./dom.js";

/** @typedef {import("./call.js").Call} Call */

export class DeviceMenu {
  #open = false;
  /** @type {import("./devicepanel.js").DevicePanel | null} */ #panel = null;

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.button = iconButton("settings", "Devices", () => void this.toggle(), "rtc-spare rtc-devices");
    this.flip = iconButton("flip", "Switch to the other camera", () => void call.devices.flip(), "rtc-spare rtc-flip");
    this.element = h("div", { class: "rtc-menu-place" });
    this.outside = (/** @type {Event} */ event) => {
      const path = event.composedPath();
      if (!path.includes(this.element) && !path.includes(this.button)) void this.toggle(false, false);
    };
  }

  update() {
    const { call } = this;
    const { camera, microphone } = call.local;
    if (!call.active) void this.toggle(false, false);
    const watch = call.house.role === "viewer" || (call.atTheDoor && !!call.options.watch);
    const phone = globalThis.matchMedia?.("(pointer: coarse)").matches;
    this.flip.hidden = !phone || !camera || call.devices.list.lists.camera.length < 2;
    if (this.#open) this.#panel?.fields.update({ camera, microphone: call.speaking ? microphone : null }, { watch });
  }

  async toggle(open = !this.#open, focus = true) {
    if (open === this.#open) return;
    this.#open = open;
    const panel = open ? await this.#load() : this.#panel;
    if (open !== this.#open || !panel) return;
    panel.element.hidden = !open;
    setAttribute(this.button, "aria-expanded", String(open));
    const { ownerDocument } = this.element;
    if (open) {
      ownerDocument.addEventListener("pointerdown", this.outside, true);
      void this.call.devices.list.refresh();
      this.update();
      if (focus) panel.focus();
    } else {
      ownerDocument.removeEventListener("pointerdown", this.outside, true);
      panel.fields.close();
      if (focus) refocus(this.button);
    }
  }

  close() {
    void this.toggle(false, false);
    this.#panel?.fields.close();
  }

  async #load() {
    try {
      const [{ DevicePanel }] = await Promise.all([import("./devicepanel.js"), style("devices.css"), style("menus.css"), style("side.css")]);
      if (this.#panel) return this.#panel;
      this.#panel = new DevicePanel(this.call, () => void this.toggle(false));
      this.element.append(this.#panel.element);
      return this.#panel;
    } catch (error) {
      this.#open = false; // the server is away
      throw error;
    }
  }
}
