// The bar below the tiles: who is there, the devices, the link, and the way out.

import { h, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { presence } from "./room.js";

/** @typedef {import("./call.js").Call} Call */

/** A round button that is an icon. @param {string} name @param {string} label @param {() => void} onclick @param {string} [kind] */
export function iconButton(name, label, onclick, kind = "") {
  const button = h("button", { type: "button", class: `rtc-button ${kind}`, "aria-label": label, title: label, onclick }, icon(name));
  return button;
}

/** A device's button, whose name is what it does next. @param {HTMLButtonElement} button @param {string} device @param {{ on: boolean, busy?: boolean, problem?: string }} state */
export function showDevice(button, device, { on, busy = false, problem }) {
  const name = on ? device : `${device}-off`;
  if (/** @type {SVGElement} */ (button.firstElementChild).dataset.icon !== name) button.replaceChildren(icon(name));
  const label = problem ? `${problem}` : `Turn ${device} ${on ? "off" : "on"}`;
  setAttribute(button, "aria-label", `Turn ${device} ${on ? "off" : "on"}`);
  setAttribute(button, "title", label);
  setAttribute(button, "data-on", String(on));
  setAttribute(button, "aria-busy", busy ? "true" : null);
  setAttribute(button, "data-problem", problem !== undefined);
}

export class Controls {
  /** @param {Call} call @param {{ tab: boolean, invite: () => void }} options @param {HTMLElement[]} [more] buttons of others */
  constructor(call, options, more = []) {
    this.call = call;
    this.microphone = iconButton("microphone", "", () => void call.setMicrophone(!call.speaking), "rtc-toggle");
    this.camera = iconButton("camera", "", () => void call.setCamera(!call.local.camera), "rtc-toggle");
    this.screen = iconButton("screen", "Share your screen", () => void call.setScreen(!call.local.screen), "rtc-spare rtc-share");
    this.screen.hidden = !navigator.mediaDevices?.getDisplayMedia;
    this.invite = iconButton("link", "Invite others", options.invite, "rtc-spare");
    this.tab = h(
      "a",
      { class: "rtc-button rtc-spare rtc-tab", href: call.options.link, target: "_blank", rel: "noopener", title: "Open in a browser tab", "aria-label": "Open in a browser tab" },
      icon("tab"),
    );
    this.tab.hidden = !options.tab || !call.options.link;
    this.leave = iconButton("leave", "Leave the call", () => call.leave(), "rtc-leave");
    this.people = h("span", { class: "rtc-people" }, icon("people"), h("span"));
    this.kernels = h("span", { class: "rtc-kernels" }, icon("chip"), h("span"));
    this.element = h(
      "div",
      { class: "rtc-controls", role: "group", "aria-label": "Call" },
      h("div", { class: "rtc-room" }, h("span", { class: "rtc-room-name" }, call.options.room)),
      h("div", { class: "rtc-buttons" }, this.microphone, this.camera, this.screen, ...more, this.invite, this.tab, this.leave),
      h("div", { class: "rtc-presence" }, this.kernels, this.people),
    );
  }

  update() {
    const { call } = this;
    const problem = (/** @type {string} */ device) => call.problems.find((one) => one.device === device)?.message;
    showDevice(this.microphone, "microphone", { on: call.speaking, busy: call.busy.has("microphone"), problem: problem("microphone") });
    showDevice(this.camera, "camera", { on: !!call.local.camera, busy: call.busy.has("camera"), problem: problem("camera") });
    const watches = call.house.role === "viewer" || (call.atTheDoor && !!call.options.watch);
    this.microphone.hidden = this.camera.hidden = watches;
    this.invite.hidden = call.atTheDoor || !(call.options.link || call.house.hosts);
    this.screen.hidden = watches || call.atTheDoor || !navigator.mediaDevices?.getDisplayMedia;
    const sharing = !!call.local.screen;
    setAttribute(this.screen, "data-on", String(sharing));
    setAttribute(this.screen, "aria-label", sharing ? "Stop sharing" : "Share your screen");
    setAttribute(this.screen, "title", sharing ? "Stop sharing" : "Share your screen");
    const { people, kernels } = presence(call.participants);
    setText(/** @type {Element} */ (this.people.lastChild), String(people));
    setAttribute(this.people, "title", people === 1 ? "Nobody else is here yet" : `${people} people`);
    this.people.hidden = people === 0;
    setText(/** @type {Element} */ (this.kernels.lastChild), kernels.length > 1 ? `${kernels.length} kernels` : (kernels[0] ?? ""));
    setAttribute(this.kernels, "title", `In the room: ${kernels.join(", ")}`);
    this.kernels.hidden = kernels.length === 0;
  }
}
