// The devices that this browser gives to a call: opened, muted, unplugged, let go.

import { openDevices, openScreen } from "./devices.js";

/**
 * @typedef {import("./devices.js").Device} Device
 * @typedef {import("./devices.js").Opened} Opened
 * @typedef {import("./devices.js").Problem} Problem
 *
 * @typedef {object} LocalDevicesOptions
 * @property {(device: Device, track: MediaStreamTrack | null, muted: boolean) => void} onpublish
 * @property {(device: Device) => void} onremove its publication ends
 * @property {() => void} onchange
 * @property {(error: unknown) => void} onerror
 */

/** @type {Device[]} in the order in which they are published */
const DEVICES = ["microphone", "camera", "screen"];

export class LocalDevices {
  /** @type {Record<Device, MediaStreamTrack | null>} */ tracks = { camera: null, microphone: null, screen: null };
  /** Whether the microphone is heard; it stays open while it is muted. */ speaking = false;
  /** @type {Set<string>} devices that are just being opened */ busy = new Set();
  /** @type {Problem[]} */ problems = [];
  /** Whether anything may be sent: viewers only watch. */ #permitted = true;
  /** @type {object | null} the call that devices are opened for */ #session = null;

  /** @param {LocalDevicesOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** A call begins: from now on devices may be held. */
  begin() {
    this.#session = {};
    this.#permitted = true;
    this.problems = [];
  }

  /** Lets go of every device. */
  end() {
    this.#session = null;
    for (const device of DEVICES) this.#release(device);
    this.speaking = false;
    this.problems = [];
  }

  /** Whether devices may be opened; ones that are open are let go of where not. @param {boolean} permitted */
  permit(permitted) {
    this.#permitted = permitted;
    if (permitted) return;
    for (const device of DEVICES) {
      if (!this.tracks[device]) continue;
      this.#release(device);
      this.options.onremove(device);
    }
    this.speaking = false;
  }

  /** Opens devices, or takes ones that are open already. @param {{ camera: boolean, microphone: boolean }} wish @param {Opened} [opened] */
  async open(wish, opened) {
    const session = this.#session;
    const { camera, microphone, problems } = opened ?? (await this.#ask(wish));
    if (!session || session !== this.#session || !this.#permitted) {
      camera?.stop(); // left, or made a viewer, while the browser was asking
      microphone?.stop();
      return;
    }
    const tried = new Set([...problems.map(({ device }) => device), camera && "camera", microphone && "microphone"]);
    this.problems = [...this.problems.filter(({ device }) => !tried.has(device)), ...problems];
    if (microphone) {
      this.speaking = true;
      this.#hold("microphone", microphone);
    }
    if (camera) this.#hold("camera", camera);
    this.options.onchange();
  }

  /** Publishes what is held. */
  publish() {
    for (const device of DEVICES) if (this.tracks[device]) this.#publish(device);
  }

  /** Turns the camera on or off; off releases the device, so its light goes out. @param {boolean} on */
  async setCamera(on) {
    if ((on && !this.#permitted) || this.busy.has("camera") || on === !!this.tracks.camera) return;
    if (on) return this.open({ camera: true, microphone: false });
    this.#release("camera");
    this.#publish("camera");
    this.options.onchange();
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    if ((on && !this.#permitted) || this.busy.has("microphone") || on === this.speaking) return;
    const track = this.tracks.microphone;
    if (!track) return this.open({ camera: false, microphone: true });
    this.speaking = track.enabled = on;
    this.#publish("microphone");
    this.options.onchange();
  }

  /** @param {boolean} on */
  async setScreen(on) {
    if ((on && !this.#permitted) || this.busy.has("screen") || on === !!this.tracks.screen) return;
    if (!on) {
      this.#release("screen");
      this.options.onremove("screen");
      return this.options.onchange();
    }
    const session = this.#session;
    this.busy.add("screen");
    try {
      const track = await openScreen();
      if (track && session && session === this.#session && this.#permitted) this.#hold("screen", track);
      else track?.stop();
    } catch (error) {
      this.options.onerror(error);
    } finally {
      this.busy.delete("screen");
      this.options.onchange();
    }
  }

  /** @param {string} device */
  dismiss(device) {
    this.problems = this.problems.filter((problem) => problem.device !== device);
  }

  /** @param {{ camera: boolean, microphone: boolean }} wish */
  async #ask(wish) {
    for (const [device, wanted] of Object.entries(wish)) if (wanted) this.busy.add(device);
    this.options.onchange();
    try {
      return await openDevices(wish);
    } finally {
      for (const [device, wanted] of Object.entries(wish)) if (wanted) this.busy.delete(device);
    }
  }

  /** @param {Device} device @param {MediaStreamTrack} track */
  #hold(device, track) {
    this.tracks[device] = track;
    track.onended = () => this.#ended(device, track);
    this.#publish(device);
  }

  /** Unplugged, or sharing was stopped in the browser's own bar. @param {Device} device @param {MediaStreamTrack} track */
  #ended(device, track) {
    if (this.tracks[device] !== track) return;
    if (device === "screen") return void this.setScreen(false);
    this.#release(device);
    if (device === "microphone") this.speaking = false;
    const message = `The ${device} was disconnected. Plug it in, then turn it on again.`;
    this.problems = [...this.problems.filter((one) => one.device !== device), { kind: "missing", device, message }];
    this.#publish(device);
    this.options.onchange();
  }

  /** @param {Device} device */
  #publish(device) {
    const track = this.tracks[device];
    this.options.onpublish(device, track, device === "microphone" ? !this.speaking : !track);
  }

  /** @param {Device} device */
  #release(device) {
    const track = this.tracks[device];
    this.tracks[device] = null;
    if (!track) return;
    track.onended = null;
    track.stop();
  }
}
