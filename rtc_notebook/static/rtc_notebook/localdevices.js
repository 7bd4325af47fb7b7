// The devices that this browser gives to a call: opened, muted, changed for others, unplugged, let go.

import { Comeback } from "./comeback.js";
import { Choices, pick } from "./choices.js";
import { DeviceList } from "./devicelist.js";
import { explain, openDevices, openOne, openScreen } from "./devices.js";
import { openBeside, openOther } from "./switching.js";

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
 * @typedef {{ id: string, label: string, speaking: boolean, since: number, replaced: boolean }} Gone
 */

/** @type {Device[]} in the order in which they are published */
const DEVICES = ["microphone", "camera", "screen", "screen-sound"];
const UNPLUGGED_WITHIN = 5_000; // milliseconds in which a device that ended is also missed from the list

export class LocalDevices {
  /** @type {Record<Device, MediaStreamTrack | null>} */ tracks = { camera: null, microphone: null, screen: null, "screen-sound": null };
  /** Whether the microphone is heard; it stays open while it is muted. */ speaking = false;
  /** @type {Set<string>} devices that are just being opened */ busy = new Set();
  /** @type {Problem[]} */ problems = [];
  /** Whether anything may be sent: viewers only watch. */ #permitted = true;
  /** @type {object | null} the call that devices are opened for */ #session = null;
  /** @type {Map<Input, Gone>} devices that vanished while they were on */ #gone = new Map();
  /** @type {Map<Input, () => Promise<void>>} what was chosen while another change was under way */ #next = new Map();
  #speaker = "";
  #heard = true; // whether the microphone was when it was lost

  /** @param {LocalDevicesOptions} options @param {Choices} [choices] */
  constructor(options, choices = new Choices()) {
    this.options = options;
    this.choices = choices;
    this.list = new DeviceList(() => this.#listed());
    this.comeback = new Comeback(async (device) => {
      await this.list.refresh(); // where another one can stand in, that happens first
      if (this.tracks[device] || this.busy.has(device)) return;
      const heard = this.#heard;
      await this.open({ camera: device === "camera", microphone: device === "microphone" });
      if (device === "microphone" && !heard) await this.setMicrophone(false);
    });
  }

  /** A call begins: from now on devices may be held. */
  begin() {
    this.#session = {};
    this.#permitted = true;
    this.problems = [];
    void this.list.start();
  }

  /** Lets go of every device. */
  end() {
    this.#session = null;
    this.comeback.close();
    this.list.stop();
    this.#gone.clear();
    this.#next.clear();
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
    void this.list.refresh(); // now their names are told
    this.options.onchange();
  }

  /** Publishes what is held. @param {Device} [only] */
  publish(only) {
    for (const device of only ? [only] : DEVICES) if (this.tracks[device]) this.#publish(device);
  }

  /** Lets go of a device that cannot be used. @param {Input} device @param {string} message */
  giveUp(device, message) {
    this.#drop(device);
    this.problems = [...this.problems.filter((one) => one.device !== device), { kind: "other", device, message }];
    this.options.onchange();
  }

  /** Turns the camera on or off; off releases the device, so its light goes out. @param {boolean} on */
  async setCamera(on) {
    if ((on && !this.#permitted) || this.busy.has("camera") || on === !!this.tracks.camera) return;
    this.#gone.delete("camera");
    if (on) return this.open({ camera: true, microphone: false });
    this.comeback.found("camera");
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

  /** Takes this camera, microphone or speaker from now on. @param {import("./choices.js").Kind} kind @param {string} id */
  async choose(kind, id) {
    const device = this.list.lists[kind].find(({ deviceId }) => deviceId === id);
    this.choices.choose(kind, { id, label: device?.label ?? "" });
    if (kind === "speaker") return this.#listed();
    this.#gone.delete(kind);
    if (this.tracks[kind]) return this.#swap(kind, () => openOne(kind, this.choices, { deviceId: { exact: id } }));
    this.options.onchange();
  }

  /** Turns echo cancellation, noise suppression or automatic gain on or off. @param {import("./choices.js").Treatment} name @param {boolean} on */
  async treat(name, on) {
    this.choices.treat(name, on);
    const track = this.tracks.microphone;
    const { deviceId } = track?.getSettings() ?? {};
    await track?.applyConstraints(this.choices.sound).catch(() => {});
    if (!track || track.getSettings()[name] === on) return this.options.onchange();
    return this.#swap("microphone", () => {
      track.onended = null;
      track.stop(); // first: while a microphone is open, Chromium opens it again with the same treatment only
      return openOne("microphone", this.choices, { deviceId: deviceId ? { exact: deviceId } : undefined });
    });
  }

  /** Which way the camera looks: "user", "environment", or empty where that is not known. */
  get facing() {
    return this.tracks.camera?.getSettings?.().facingMode ?? "";
  }

  /** Takes the camera on the other side of a phone, or the next one. */
  async flip() {
    const track = this.tracks.camera;
    if (track) await this.#swap("camera", () => openOther(track, this.list.lists.camera, this.choices));
  }

  /** @param {boolean} on */
  async setScreen(on) {
    if ((on && !this.#permitted) || this.busy.has("screen") || on === !!this.tracks.screen) return;
    if (!on) {
      this.#unshare("screen");
      this.#unshare("screen-sound");
      return this.options.onchange();
    }
    const session = this.#session;
    this.busy.add("screen");
    try {
      const opened = await openScreen();
      if (opened && session && session === this.#session && this.#permitted) {
        this.#hold("screen", opened.picture);
        if (opened.sound) this.#hold("screen-sound", opened.sound);
      } else {
        opened?.picture.stop();
        opened?.sound?.stop();
      }
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

  /** @param {Device} device @param {MediaStreamTrack} track */
  #hold(device, track) {
    this.tracks[device] = track;
    this.comeback.found(device);
    track.onended = () => this.#ended(device, track);
    this.#publish(device);
  }

  /** Puts another track in the place of the one that is on, without renegotiation. @param {Input} device @param {() => Promise<MediaStreamTrack>} open @returns {Promise<void>} */
  async #swap(device, open) {
    const [before, session] = [this.tracks[device], this.#session];
    if (!before || !session) return;
    if (this.busy.has(device)) return void this.#next.set(device, () => this.#swap(device, open));
    this.busy.add(device);
    this.options.onchange();
    try {
      const track = await openBeside(before, open, this.choices);
      if (session !== this.#session || this.tracks[device] !== before) return track.stop();
      this.problems = this.problems.filter((one) => one.device !== device);
      this.#take(device, track, this.speaking);
    } catch (error) {
      this.problems = [...this.problems.filter((one) => one.device !== device), explain(error, device)];
      if (before.readyState === "ended" && this.tracks[device] === before) this.#drop(device);
    } finally {
      this.busy.delete(device);
      this.options.onchange();
    }
    const next = this.#next.get(device);
    this.#next.delete(device);
    return next?.();
  }

  /** @param {Input} device @param {MediaStreamTrack} track @param {boolean} speaking */
  #take(device, track, speaking) {
    this.#release(device);
    if (device === "microphone") this.speaking = track.enabled = speaking;
    this.#hold(device, track);
  }

  /** @param {Input} device */
  #drop(device) {
    this.#release(device);
    if (device === "microphone") this.speaking = false;
    this.#publish(device);
  }

  /** Unplugged, or stopped in the browser's own bar. @param {Device} device @param {MediaStreamTrack} track */
  #ended(device, track) {
    if (this.tracks[device] !== track || this.busy.has(device)) return;
    if (device === "screen") return void this.setScreen(false);
    if (device === "screen-sound") return this.#unshare(device);
    const { label, getSettings } = track;
    const id = getSettings?.call(track).deviceId ?? "";
    this.#heard = this.speaking;
    this.#gone.set(device, { id, label, speaking: this.speaking, since: Date.now(), replaced: false });
    this.#drop(device);
    this.#lack({ kind: "missing", device, message: `The ${device} was disconnected. It comes back when it is plugged in again.` });
    this.comeback.lost(device);
    void this.comeback.denied(device).then((denied) => {
      if (denied && !this.tracks[device] && this.#session) this.#lack(explain(new DOMException("", "NotAllowedError"), device));
    });
    void this.list.refresh();
  }

  /** @param {Problem} problem */
  #lack(problem) {
    this.problems = [...this.problems.filter(({ device }) => device !== problem.device), problem];
    this.options.onchange();
  }

  /** Devices were plugged in or out: another stands in for one that vanished, and goes when that is back. */
  #listed() {
    const { lists } = this.list;
    for (const [device, gone] of this.#gone) {
      const back = lists[device].find(({ deviceId, label }) => deviceId === gone.id && label === gone.label);
      if (back && gone.replaced) void this.#return(device, gone);
      else if (!back && !gone.replaced && lists[device].length) void this.#standIn(device, gone);
    }
    const speaker = pick(lists.speaker, this.choices.of("speaker"))?.deviceId ?? "";
    if (speaker !== this.#speaker) {
      if (!speaker && lists.speaker.length) this.options.onnotice?.("speaker", "The speaker you chose is gone; sound comes from the system’s.");
      this.#speaker = speaker;
      this.options.onspeaker?.(speaker);
    }
    this.options.onchange();
  }

  /** @param {Input} device @param {Gone} gone */
  async #standIn(device, gone) {
    if (this.tracks[device] || this.busy.has(device) || Date.now() - gone.since > UNPLUGGED_WITHIN) return;
    const session = this.#session;
    this.busy.add(device);
    gone.replaced = true;
    try {
      const track = await openOne(device, this.choices, {});
      if (!session || session !== this.#session || !this.#permitted || this.tracks[device]) return track.stop();
      this.dismiss(device);
      this.#take(device, track, gone.speaking);
      this.options.onnotice?.(device, `“${gone.label}” was disconnected. Now using “${track.label}”.`);
    } catch {
      this.#gone.delete(device); // what is wrong is said already
    } finally {
      this.busy.delete(device);
      this.options.onchange();
    }
  }

  /** @param {Input} device @param {Gone} gone */
  async #return(device, { id, label }) {
    this.#gone.delete(device);
    if (!this.tracks[device]) return;
    await this.#swap(device, () => openOne(device, this.choices, { deviceId: { exact: id } }));
    this.options.onnotice?.(device, `“${label}” is back, and used again.`);
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
