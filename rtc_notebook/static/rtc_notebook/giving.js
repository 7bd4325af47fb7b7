// What a call gives: this browser's devices, as far as hosts let it and a crowd has room for it.

import { BackgroundBlur } from "./blur.js";
import { LocalDevices } from "./localdevices.js";
import { limitsOf } from "./room.js";

/** @typedef {import("./call.js").Call} Call */

const SETTLES = 2_000; // milliseconds in which the room may not have heard of it
const MUTED = "A host muted your microphone. Turn it on when you want to speak.";

export class Giving {
  #toggled = 0; // when the microphone was last turned on or off here
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #settling;
  #limits = "{}";

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    const onerror = (/** @type {unknown} */ error) => call.report(error);
    const onchange = () => call.changed();
    const blur = call.options.blur ?? new BackgroundBlur(call.options.url);
    this.devices = new LocalDevices({
      onpublish: (device, track, muted) => {
        if (device === "microphone") this.#toggled = Date.now();
        const sent = device === "camera" ? blur.of(track) : track;
        call.path?.set(device, sent, muted).catch(onerror);
      },
      onremove: (device) => {
        if (device === "camera") blur.of(null);
        call.path?.remove(device).catch(onerror);
      },
      onchange,
      onerror,
      onnotice: (id, text) => call.notice(id, "info", text),
      onspeaker: (id) => call.sound.setSpeaker(id),
    });
    this.blur = blur;
    blur.onchange = onchange;
    blur.onready = () => this.devices.publish("camera");
    blur.onfail = (message) => this.devices.giveUp("camera", message);
  }

  /** A host muted the own microphone, or made this participant a viewer. */
  obey() {
    const { devices, call } = this;
    devices.permit(call.house.role !== "viewer");
    const own = call.participants.find(({ id }) => id === call.me);
    const microphone = own?.tracks?.find(({ source, kind, of }) => source === "microphone" && kind === "audio" && !of);
    if (!microphone?.muted || !devices.speaking) return;
    clearTimeout(this.#settling);
    const settles = this.#toggled + SETTLES - Date.now();
    if (settles > 0) {
      this.#settling = setTimeout(() => this.obey(), settles); // no other room state may follow
      return;
    }
    void devices.setMicrophone(false);
    call.notice("muted", "info", MUTED);
  }

  /** The more people there are, the less of the camera is sent. */
  limit() {
    const limits = JSON.stringify(limitsOf(this.call.participants, this.call.me));
    if (limits === this.#limits) return;
    this.#limits = limits;
    this.call.path?.retune();
  }

  end() {
    clearTimeout(this.#settling);
    this.devices.end();
    this.blur.of(null);
  }
}
