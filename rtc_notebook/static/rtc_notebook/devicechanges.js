// What changes a call's devices for others, and what notices that they were unplugged or came back. Loaded when that
// happens first.

import { Comeback } from "./comeback.js";
import { openOne } from "./devices.js";
import { explain } from "./problems.js";
import { openScreen } from "./screen.js";
import { openBeside, openOther } from "./switching.js";

/**
 * @typedef {import("./localdevices.js").Input} Input
 * @typedef {import("./localdevices.js").LocalDevices} LocalDevices
 * @typedef {{ id: string, label: string, speaking: boolean, since: number, replaced: boolean }} Gone
 */

const UNPLUGGED_WITHIN = 5_000; // milliseconds in which a device that ended is also missed from the list

export class DeviceChanges {
  /** @type {Map<Input, Gone>} devices that vanished while they were on */ #gone = new Map();
  /** @type {Map<Input, () => Promise<void>>} what was chosen while another change was under way */ #next = new Map();
  #heard = true; // whether the microphone was when it was lost

  /** @param {LocalDevices} devices */
  constructor(devices) {
    this.devices = devices;
    this.comeback = new Comeback(async (device) => {
      await devices.list.refresh(); // where another one can stand in, that happens first
      if (devices.tracks[device] || devices.busy.has(device)) return;
      const heard = this.#heard;
      await devices.open({ camera: device === "camera", microphone: device === "microphone" });
      if (device === "microphone" && !heard) await devices.setMicrophone(false);
    });
  }

  end() {
    this.comeback.close();
    this.#gone.clear();
    this.#next.clear();
  }

  /** It is on. @param {string} device */
  found(device) {
    this.comeback.found(device);
  }

  /** The person sees to it. @param {Input} device */
  forget(device) {
    this.#gone.delete(device);
  }

  /** @param {Input} device @param {string} id */
  choose(device, id) {
    return this.#swap(device, () => openOne(device, this.devices.choices, { deviceId: { exact: id } }));
  }

  /** @param {import("./choices.js").Treatment} name @param {boolean} on */
  async treat(name, on) {
    const { choices, tracks, options } = this.devices;
    const track = tracks.microphone;
    const { deviceId } = track?.getSettings() ?? {};
    await track?.applyConstraints(choices.sound).catch(() => {});
    if (!track || track.getSettings()[name] === on) return options.onchange();
    return this.#swap("microphone", () => {
      track.onended = null;
      track.stop(); // first: while a microphone is open, Chromium opens it again with the same treatment only
      return openOne("microphone", choices, { deviceId: deviceId ? { exact: deviceId } : undefined });
    });
  }

  async flip() {
    const { tracks: { camera }, list, choices } = this.devices;
    if (camera) await this.#swap("camera", () => openOther(camera, list.lists.camera, choices));
  }

  /** Shows a screen. */
  async share() {
    const { devices } = this;
    const { session } = devices;
    const opened = await openScreen();
    if (opened && session && session === devices.session && devices.permitted) {
      devices.hold("screen", opened.picture);
      if (opened.sound) devices.hold("screen-sound", opened.sound);
    } else {
      opened?.picture.stop();
      opened?.sound?.stop();
    }
  }

  /** @param {Input} device @param {Gone} gone */
  lost(device, gone) {
    const { devices } = this;
    if (!devices.session || devices.tracks[device]) return; // left, or turned on again meanwhile
    this.#heard = gone.speaking;
    this.#gone.set(device, gone);
    devices.lack({ kind: "missing", device, message: `The ${device} was disconnected. It comes back when it is plugged in again.` });
    this.comeback.lost(device);
    void this.comeback.denied(device).then(async (denied) => {
      if (!denied) return;
      const problem = explain(new DOMException("", "NotAllowedError"), device);
      if (!devices.tracks[device] && devices.session) devices.lack(problem);
    });
    void devices.list.refresh();
  }

  /** Devices were plugged in or out: another stands in for one that vanished, and goes when that is back. */
  listed() {
    const { lists } = this.devices.list;
    for (const [device, gone] of this.#gone) {
      const back = lists[device].find(({ deviceId, label }) => deviceId === gone.id && label === gone.label);
      if (back && gone.replaced) void this.#return(device, gone);
      else if (!back && !gone.replaced && lists[device].length) void this.#standIn(device, gone);
    }
  }

  /** Puts another track in the place of the one that is on, without renegotiation. @param {Input} device @param {() => Promise<MediaStreamTrack>} open @returns {Promise<void>} */
  async #swap(device, open) {
    const { devices } = this;
    const { session, busy, options } = devices;
    const before = devices.tracks[device];
    if (!before || !session) return;
    if (busy.has(device)) return void this.#next.set(device, () => this.#swap(device, open));
    busy.add(device);
    options.onchange();
    try {
      const track = await openBeside(before, open, devices.choices);
      if (session !== devices.session || devices.tracks[device] !== before) return track.stop();
      devices.dismiss(device);
      devices.take(device, track, devices.speaking);
    } catch (error) {
      devices.lack(explain(error, device));
      if (before.readyState === "ended" && devices.tracks[device] === before) devices.drop(device);
    } finally {
      busy.delete(device);
      options.onchange();
    }
    const next = this.#next.get(device);
    this.#next.delete(device);
    return next?.();
  }

  /** @param {Input} device @param {Gone} gone */
  async #standIn(device, gone) {
    const { devices } = this;
    const { session, busy, options } = devices;
    if (devices.tracks[device] || busy.has(device) || Date.now() - gone.since > UNPLUGGED_WITHIN) return;
    busy.add(device);
    gone.replaced = true;
    try {
      const track = await openOne(device, devices.choices, {});
      if (!session || session !== devices.session || !devices.permitted || devices.tracks[device]) return track.stop();
      devices.dismiss(device);
      devices.take(device, track, gone.speaking);
      options.onnotice?.(device, `“${gone.label}” was disconnected. Now using “${track.label}”.`);
    } catch {
      this.#gone.delete(device); // what is wrong is said already
    } finally {
      busy.delete(device);
      options.onchange();
    }
  }

  /** @param {Input} device @param {Gone} gone */
  async #return(device, { id, label }) {
    this.#gone.delete(device);
    if (!this.devices.tracks[device]) return;
    await this.choose(device, id);
    this.devices.options.onnotice?.(device, `“${label}” is back, and used again.`);
  }
}
