// Before the call: one's name, a look in the mirror, the devices, and a button.

import { Choices } from "./choices.js";
import { showDevice, iconButton } from "./controls.js";
import { DeviceFields } from "./devicefields.js";
import { DeviceList } from "./devicelist.js";
import { openDevices } from "./devices.js";
import { h, setText } from "./dom.js";

/**
 * @typedef {"camera" | "microphone"} Input
 * @typedef {import("./devices.js").Opened} Opened
 * @typedef {{ name: string, camera: boolean, microphone: boolean, opened?: Opened }} Choice
 * @typedef {{ room: string, name: string, fixed: boolean, camera: boolean, microphone: boolean, watch?: boolean,
 *   blur: import("./blur.js").BackgroundBlur }} PrejoinOptions
 */

/** @type {Input[]} */
const INPUTS = ["camera", "microphone"];

export class Prejoin {
  /** @type {Opened} */ #opened = { problems: [] };
  #busy = false;
  #opening = Promise.resolve();
  #done = false;
  /** @type {PermissionStatus[]} */ #permissions = [];

  /** @param {PrejoinOptions} options @param {(choice: Choice) => void} onjoin */
  constructor(options, onjoin) {
    this.options = options;
    this.wish = { camera: options.camera, microphone: options.microphone };
    this.onjoin = onjoin;
    this.choices = new Choices();
    this.list = new DeviceList(() => this.#show());
    this.video = h("video", { autoplay: true, playsinline: true, muted: true, class: "rtc-preview-video" });
    this.video.muted = true;
    this.words = h("span");
    this.again = h("button", { type: "button", class: "rtc-quiet", onclick: () => void this.#retry() }, "Try again");
    this.hint = h("div", { class: "rtc-preview-hint", role: "status" }, this.words, this.again);
    this.microphone = iconButton("microphone", "", () => void this.#toggle("microphone"), "rtc-toggle");
    this.camera = iconButton("camera", "", () => void this.#toggle("camera"), "rtc-toggle");
    this.fields = new DeviceFields({
      choices: this.choices, list: this.list, blur: options.blur,
      onchoose: (kind, id) => void this.#choose(kind, id),
      onblur: (on) => options.blur.set(on),
    });
    options.blur.onchange = () => this.#show();
    options.blur.onfail = (message) => this.#giveUp(message);
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
    const buttons = h("div", { class: "rtc-preview-buttons", hidden: !!options.watch }, this.microphone, this.camera);
    const preview = h("div", { class: "rtc-preview" }, this.video, this.hint, buttons);
    this.element = h("div", { class: "rtc-prejoin" }, preview, form, this.fields.element);
    void this.list.start();
    void this.#open(this.wish);
    void this.#watchPermissions();
  }

  /** @param {{ camera: boolean, microphone: boolean }} wish */
  #open(wish) {
    this.#opening = this.#ask(wish);
    return this.#opening;
  }

  /** @param {{ camera: boolean, microphone: boolean }} wish */
  async #ask(wish) {
    this.#busy = true;
    this.#show();
    const { problems, ...tracks } = await openDevices(wish, this.choices);
    this.#busy = false;
    if (this.#done) {
      for (const track of Object.values(tracks)) track.stop();
      return;
    }
    for (const [device, track] of Object.entries(tracks)) track.onended = () => this.#ended(/** @type {Input} */ (device));
    const others = this.#opened.problems.filter(({ device }) => !wish[/** @type {Input} */ (device)]);
    this.#opened = { ...this.#opened, ...tracks, problems: [...others, ...problems] };
    await this.list.refresh(); // now names are told
    this.#show();
  }

  /** @param {Input} device */
  #close(device) {
    const track = this.#opened[device];
    delete this.#opened[device];
    if (!track) return;
    track.onended = null;
    track.stop();
  }

  /** @param {Input} device */
  #ended(device) {
    this.#close(device);
    this.#opened.problems.push({ kind: "missing", device, message: `The ${device} was disconnected.` });
    void this.list.refresh();
  }

  /** @param {Input} device */
  async #toggle(device) {
    if (this.#busy) return;
    this.wish[device] = !this.#opened[device];
    if (this.wish[device]) return this.#open({ camera: device === "camera", microphone: device === "microphone" });
    this.#close(device);
    this.#show();
  }

  /** @param {import("./choices.js").Kind} kind @param {string} id */
  async #choose(kind, id) {
    const label = this.list.lists[kind].find(({ deviceId }) => deviceId === id)?.label ?? "";
    this.choices.choose(kind, { id, label });
    while (this.#busy) await this.#opening;
    if (kind === "speaker" || !this.#opened[kind] || this.#done) return;
    this.#close(kind); // first: phones open one camera at a time
    await this.#open({ camera: kind === "camera", microphone: kind === "microphone" });
  }

  /** Asks again for what was wanted and could not be had. */
  async #retry() {
    if (this.#busy || this.#done) return;
    const failed = this.#opened.problems.map(({ device }) => device);
    await this.#open({ camera: failed.includes("camera"), microphone: failed.includes("microphone") });
  }

  /** Once the person has allowed a device next to the address, nothing more is to be clicked. */
  async #watchPermissions() {
    for (const name of INPUTS) {
      const query = { name: /** @type {PermissionName} */ (/** @type {string} */ (name)) };
      const status = await navigator.permissions?.query(query).catch(() => null); // not every browser tells
      if (!status || this.#done) continue;
      status.onchange = () => status.state === "granted" && this.wish[name] && !this.#opened[name] && void this.#retry();
      this.#permissions.push(status);
    }
  }

  /** @param {string} message why the camera cannot be used */
  #giveUp(message) {
    this.#close("camera");
    this.#opened.problems = [...this.#opened.problems.filter(({ device }) => device !== "camera"), { kind: "other", device: "camera", message }];
    this.#show();
  }

  #show() {
    if (this.#done) return;
    const { camera, microphone, problems } = this.#opened;
    const stream = /** @type {MediaStream | null} */ (this.video.srcObject);
    const shown = this.options.blur.of(camera ?? null);
    if ((stream?.getTracks()[0] ?? null) !== shown) this.video.srcObject = shown && new MediaStream([shown]);
    this.video.classList.toggle("rtc-unmirrored", camera?.getSettings().facingMode === "environment");
    const problem = (/** @type {string} */ device) => problems.find((one) => one.device === device)?.message;
    showDevice(this.microphone, "microphone", { on: !!microphone, problem: problem("microphone") });
    showDevice(this.camera, "camera", { on: !!camera, problem: problem("camera") });
    const words = sayAll(problems);
    const off = this.options.watch ? "You watch and chat; your camera stays off" : "Camera is off";
    const without = words && "You can also join without.";
    setText(this.words, words ? `${words} ${without}` : camera ? "" : this.#busy ? "Opening camera…" : off);
    this.hint.hidden = !this.words.textContent;
    this.again.hidden = this.#busy || !problems.some(({ kind }) => kind !== "insecure");
    this.hint.classList.toggle("rtc-preview-problem", !!words);
    this.fields.update(this.#opened, { watch: this.options.watch });
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.#done = true;
    this.video.srcObject = null;
    this.list.stop();
    this.fields.close();
    for (const status of this.#permissions) status.onchange = null;
    // Joining while the browser still asks: the call asks for itself, and gets the same answer.
    if (this.#busy) for (const device of INPUTS) this.#close(device);
    const opened = this.#busy ? undefined : this.#opened;
    this.onjoin({ name: this.name.value.trim(), ...this.wish, opened });
  }
}

/** What to say of everything that is wrong, once where it is the same with both. @param {import("./devices.js").Problem[]} problems */
function sayAll(problems) {
  const [one, other] = problems;
  if (problems.length === 2 && one.kind === "denied" && other.kind === "denied") {
    return one.message.replace(`the ${one.device}`, "camera and microphone").replace("Allow it", "Allow them");
  }
  return [...new Set(problems.map(({ message }) => message))].join(" ");
}
