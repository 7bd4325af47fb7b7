// Before the call: one's name, a look in the mirror, and a button.

import { showDevice, iconButton } from "./controls.js";
import { openDevices } from "./devices.js";
import { h, setText } from "./dom.js";

/**
 * @typedef {import("./devices.js").Opened} Opened
 * @typedef {{ name: string, camera: boolean, microphone: boolean, opened?: Opened }} Choice
 * @typedef {{ room: string, name: string, fixed: boolean, camera: boolean, microphone: boolean, watch?: boolean }} PrejoinOptions
 */

export class Prejoin {
  /** @type {Opened} */ #opened = { problems: [] };
  #busy = false;
  #done = false;

  /** @param {PrejoinOptions} options @param {(choice: Choice) => void} onjoin */
  constructor(options, onjoin) {
    this.options = options;
    this.wish = { camera: options.camera, microphone: options.microphone };
    this.onjoin = onjoin;
    this.video = h("video", { autoplay: true, playsinline: true, muted: true, class: "rtc-preview-video" });
    this.video.muted = true;
    this.hint = h("p", { class: "rtc-preview-hint", role: "status" });
    this.microphone = iconButton("microphone", "", () => void this.#toggle("microphone"), "rtc-toggle");
    this.camera = iconButton("camera", "", () => void this.#toggle("camera"), "rtc-toggle");
    this.name = h("input", {
      class: "rtc-field", type: "text", value: options.name, maxlength: 60, autocomplete: "name",
      placeholder: "Your name", "aria-label": "Your name", readonly: options.fixed,
    });
    this.join = h("button", { type: "submit", class: "rtc-primary" }, "Join");
    const form = h(
      "form",
      { class: "rtc-prejoin-form", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("p", { class: "rtc-eyebrow" }, "Ready to join?"),
      h("h1", { class: "rtc-prejoin-room" }, options.room),
      h("label", { class: "rtc-label" }, options.fixed ? "You are" : "Your name", this.name),
      this.join,
    );
    const preview = h(
      "div",
      { class: "rtc-preview" },
      this.video,
      this.hint,
      h("div", { class: "rtc-preview-buttons", hidden: !!options.watch }, this.microphone, this.camera),
    );
    this.element = h("div", { class: "rtc-prejoin" }, preview, form);
    void this.#open(this.wish);
  }

  /** @param {{ camera: boolean, microphone: boolean }} wish */
  async #open(wish) {
    this.#busy = true;
    this.#show();
    const { problems, ...tracks } = await openDevices(wish);
    this.#busy = false;
    if (this.#done) {
      for (const track of Object.values(tracks)) track.stop();
      return;
    }
    const others = this.#opened.problems.filter(({ device }) => !wish[/** @type {"camera"} */ (device)]);
    this.#opened = { ...this.#opened, ...tracks, problems: [...others, ...problems] };
    this.#show();
  }

  /** @param {"camera" | "microphone"} device */
  async #toggle(device) {
    if (this.#busy) return;
    const track = this.#opened[device];
    this.wish[device] = !track;
    if (!track) return this.#open({ camera: device === "camera", microphone: device === "microphone" });
    track.stop();
    delete this.#opened[device];
    this.#show();
  }

  #show() {
    const { camera, microphone, problems } = this.#opened;
    const stream = /** @type {MediaStream | null} */ (this.video.srcObject);
    if (stream?.getTracks()[0] !== camera) this.video.srcObject = camera ? new MediaStream([camera]) : null;
    const problem = (/** @type {string} */ device) => problems.find((one) => one.device === device)?.message;
    showDevice(this.microphone, "microphone", { on: !!microphone, problem: problem("microphone") });
    showDevice(this.camera, "camera", { on: !!camera, problem: problem("camera") });
    const words = problems.map(({ message }) => message).join(" ");
    const off = this.options.watch ? "You watch and chat; your camera stays off" : "Camera is off";
    setText(this.hint, words || (camera ? "" : this.#busy ? "Opening camera…" : off));
    this.hint.hidden = !this.hint.textContent;
    this.hint.classList.toggle("rtc-preview-problem", !!words);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.#done = true;
    this.video.srcObject = null;
    // Joining while the browser still asks: the call asks for itself, and gets the same answer.
    const opened = this.#busy ? undefined : this.#opened;
    this.onjoin({ name: this.name.value.trim(), ...this.wish, opened });
  }
}
