// The devices that this browser gives to a call: opened, muted, let go. What changes them for others, or notices that
// they were unplugged, is in devicechanges.js, which is loaded when that happens first.

import { Choices, pick } from "./choices.js";
import { DeviceList } from "./devicelist.js";
import { openDevices } from "./devices.js";
import { loader } from "./loader.js";

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
 * @property {(id: string, text: string) => void} [onnotice] something that people should know, and need do nothing about
 * @property {(id: string) => void} [onspeaker] sound is to come from this speaker; empty for the system's choice
 *
 * @typedef {"camera" | "microphone"} Input
 * @typedef {import("./devicechanges.js").DeviceChanges} DeviceChanges
 */

const changes = loader("devicechanges.js", () => import("./devicechanges.js"));

/** @type {Device[]} in the order in which they are published */
const DEVICES = ["microphone", "camera", "screen", "screen-sound"];

export class LocalDevices {
  /** @type {Record<Device, MediaStreamTrack | null>} */ tracks = { camera: null, microphone: null, screen: null, "screen-sound": null };
  /** Whether the microphone is heard; it stays open while it is muted. */ speaking = false;
  /** @type {Set<string>} devices that are just being opened */ busy = new Set();
  /** @type {Problem[]} */ problems = [];
  /** Whether anything may be sent: viewers only watch. */ permitted = true;
  /** @type {object | null} the call that devices are opened for */ session = null;
  /** @type {DeviceChanges | null} */ #changes = null;
  #speaker = "";

  /** @param {LocalDevicesOptions} options @param {Choices} [choices] */
  constructor(options, choices = new Choices()) {
    this.options = options;
    this.choices = choices;
    this.list = new DeviceList(() => this.#listed());
  }

  /** A call begins: from now on devices may be held. */
  begin() {
    this.session = {};
    this.permitted = true;
    this.problems = [];
    void this.list.start();
  }

  /** Lets go of every device. */
  end() {
    this.session = null;
    this.#changes?.end();
    this.list.stop();
    for (const device of DEVICES) this.#release(device);
    this.speaking = false;
    this.problems = [];
  }

  /** Whether devices may be opened; ones that are open are let go of where not. @param {boolean} permitted */
  permit(permitted) {
    this.permitted = permitted;
    if (permitted) return;
    for (const device of DEVICES) {
      if (!this.tracks[device]) continue;
      this.#release(device);
      this.options.onremove(device);
    }
    this.speaking = false;
  }

  /** Opens devices that are not on, or takes ones that are open already. @param {{ camera: boolean, microphone: boolean }} wish @param {Opened} [opened] */
  async open(wish, opened) {
    const { session } = this;
    const free = (/** @type {Input} */ device) => this.permitted && !this.tracks[device] && !this.busy.has(device);
    const wanted = { camera: wish.camera && free("camera"), microphone: wish.microphone && free("microphone") };
    const { camera, microphone, problems } = opened ?? (await this.#ask(wanted));
    if (!session || session !== this.session || !this.permitted) {
      camera?.stop(); // left, or made a viewer, while the browser was asking
      microphone?.stop();
      return;
    }
    const tried = new Set([...problems.map(({ device }) => device), camera && "camera", microphone && "microphone"]);
    this.problems = [...this.problems.filter(({ device }) => !tried.has(device)), ...problems];
    if (microphone) {
      this.speaking = true;
      this.hold("microphone", microphone);
    }
    if (camera) this.hold("camera", camera);
    void this.list.refresh(); // now their names are told
    this.options.onchange();
  }

  /** Publishes what is held. @param {Device} [only] */
  publish(only) {
    for (const device of only ? [only] : DEVICES) if (this.tracks[device]) this.#publish(device);
  }

  /** Lets go of a device that cannot be used. @param {Input} device @param {string} message */
  giveUp(device, message) {
    this.drop(device);
    this.lack({ kind: "other", device, message });
  }

  /** Turns the camera on or off; off releases the device, so its light goes out. @param {boolean} on */
  async setCamera(on) {
    if ((on && !this.permitted) || this.busy.has("camera") || on === !!this.tracks.camera) return;
    this.#changes?.forget("camera");
    if (on) return this.open({ camera: true, microphone: false });
    this.#changes?.found("camera");
    this.#release("camera");
    this.#publish("camera");
    this.options.onchange();
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    if ((on && !this.permitted) || this.busy.has("microphone") || on === this.speaking) return;
    const track = this.tracks.microphone;
    if (!track) return this.open({ camera: false, microphone: true });
    this.speaking = track.enabled = on;
    this.#publish("microphone");
    this.options.onchange();
  }

  /** Takes this camera, microphone or speaker from now on. @param {import("./choices.js").Kind} kind @param {string} id */
  async choose(kind, id) {
    const device = this.list.lists[kind].find(({ deviceId }) => deviceId === id);
    this.choices.choose(kind, { id, label: device?.label ?? "" });
    if (kind === "speaker") return this.#listed();
    this.#changes?.forget(kind);
    if (this.tracks[kind]) return (await this.#change()).choose(kind, id);
    this.options.onchange();
    // One that could not be had was wanted: this one is tried in its place.
    if (this.busy.has(kind) || !this.problems.some((problem) => problem.device === kind)) return;
    await this.open({ camera: kind === "camera", microphone: kind === "microphone" });
    const now = this.choices.of(kind)?.id ?? id;
    if (now !== id && this.tracks[kind]) await this.choose(kind, now); // chosen while this one was being opened
  }

  /** Turns echo cancellation, noise suppression or automatic gain on or off. @param {import("./choices.js").Treatment} name @param {boolean} on */
  async treat(name, on) {
    this.choices.treat(name, on);
    return (await this.#change()).treat(name, on);
  }

  /** Which way the camera looks: "user", "environment", or empty where that is not known. */
  get facing() {
    return this.tracks.camera?.getSettings?.().facingMode ?? "";
  }

  /** Takes the camera on the other side of a phone, or the next one. */
  async flip() {
    await (await this.#change()).flip();
  }

  /** @param {boolean} on */
  async setScreen(on) {
    if ((on && !this.permitted) || this.busy.has("screen") || on === !!this.tracks.screen) return;
    if (!on) {
      this.#unshare("screen");
      this.#unshare("screen-sound");
      return this.options.onchange();
    }
    this.busy.add("screen");
    try {
      await (await this.#change()).share();
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
      return await openDevices(wish, this.choices);
    } finally {
      for (const [device, wanted] of Object.entries(wish)) if (wanted) this.busy.delete(device);
    }
  }

  async #change() {
    if (!this.#changes) {
      const { DeviceChanges } = await changes.get();
      this.#changes ??= new DeviceChanges(this);
    }
    return this.#changes;
  }

  /** Publishes a track. @param {Device} device @param {MediaStreamTrack} track */
  hold(device, track) {
    this.#release(device);
    this.tracks[device] = track;
    this.#changes?.found(device);
    track.onended = () => this.#ended(device, track);
    this.#publish(device);
  }

  /** Publishes a track in the place of another. @param {Input} device @param {MediaStreamTrack} track @param {boolean} speaking */
  take(device, track, speaking) {
    if (device === "microphone") this.speaking = track.enabled = speaking;
    this.hold(device, track);
  }

  /** Sends nothing of it for now. @param {Input} device */
  drop(device) {
    this.#release(device);
    if (device === "microphone") this.speaking = false;
    this.#publish(device);
  }

  /** Unplugged, or stopped in the browser's own bar. @param {Device} device @param {MediaStreamTrack} track */
  #ended(device, track) {
    if (this.tracks[device] !== track || this.busy.has(device)) return;
    if (device === "screen") return void this.setScreen(false);
    if (device === "screen-sound") return this.#unshare(device);
    const gone = { id: track.getSettings?.().deviceId ?? "", label: track.label, speaking: this.speaking, since: Date.now(), replaced: false };
    this.drop(device);
    this.options.onchange();
    this.#change().then((changes) => changes.lost(device, gone), this.options.onerror);
  }

  /** Says what is wrong with a device. @param {Problem} problem */
  lack(problem) {
    this.problems = [...this.problems.filter(({ device }) => device !== problem.device), problem];
    this.options.onchange();
  }

  /** Devices were plugged in or out: another stands in for one that vanished, and goes when that is back. */
  #listed() {
    const { lists } = this.list;
    this.#changes?.listed();
    const speaker = pick(lists.speaker, this.choices.of("speaker"))?.deviceId ?? "";
    if (speaker !== this.#speaker) {
      if (!speaker && lists.speaker.length) this.options.onnotice?.("speaker", "The speaker you chose is gone; sound comes from the system’s.");
      this.#speaker = speaker;
      this.options.onspeaker?.(speaker);
    }
    this.options.onchange();
  }

  /** @param {Device} device */
  #publish(device) {
    const track = this.tracks[device];
    this.options.onpublish(device, track, device === "microphone" ? !this.speaking : !track);
  }

  /** @param {"screen" | "screen-sound"} device */
  #unshare(device) {
    if (!this.tracks[device]) return;
    this.#release(device);
    this.options.onremove(device);
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
