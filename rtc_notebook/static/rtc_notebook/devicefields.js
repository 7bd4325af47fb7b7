// Choosing camera, microphone and speaker: the same fields before the call and in it.

import { BlurCheck } from "./blurcheck.js";
import { TREATMENTS, pick } from "./choices.js";
import { nameOf } from "./devicelist.js";
import { h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { LevelMeter } from "./levelmeter.js";
import { loader } from "./loader.js";

/**
 * @typedef {import("./choices.js").Choices} Choices
 * @typedef {import("./choices.js").Kind} Kind
 * @typedef {import("./choices.js").Treatment} Treatment
 * @typedef {{ camera?: MediaStreamTrack | null, microphone?: MediaStreamTrack | null }} Tracks
 *
 * @typedef {object} FieldsOptions
 * @property {Choices} choices
 * @property {import("./devicelist.js").DeviceList} list
 * @property {(kind: Kind, id: string) => void} onchoose
 * @property {import("./blur.js").BackgroundBlur} blur
 * @property {(on: boolean) => void} onblur
 * @property {(name: Treatment, on: boolean) => void} [ontreat] where the microphone's treatment may be changed
 */

const sounds = loader("testsound.js", () => import("./testsound.js"));
/** @type {Kind[]} */
const KINDS = ["camera", "microphone", "speaker"];
const WORDS = { camera: "Camera", microphone: "Microphone", speaker: "Speaker" };
/** @type {Record<Treatment, string>} */
const TREATED = { echoCancellation: "Cancel echo", noiseSuppression: "Suppress noise", autoGainControl: "Level my voice" };

export class DeviceFields {
  /** @param {FieldsOptions} options */
  constructor(options) {
    this.options = options;
    this.meter = new LevelMeter();
    const select = (/** @type {Kind} */ kind) => {
      return h("select", {
        class: "rtc-field rtc-device", "aria-label": WORDS[kind],
        onchange: (/** @type {Event} */ event) => options.onchoose(kind, /** @type {HTMLSelectElement} */ (event.target).value),
      });
    };
    this.selects = { camera: select("camera"), microphone: select("microphone"), speaker: select("speaker") };
    this.test = h("button", { type: "button", class: "rtc-quiet rtc-test", onclick: () => void this.#test() }, "Test");
    this.blur = new BlurCheck(options.blur, options.onblur);
    this.trouble = h("p", { class: "rtc-side-hint", role: "status" });
    const field = (/** @type {Kind} */ kind, /** @type {Node[]} */ ...more) => {
      return h("div", { class: "rtc-device-field", "data-kind": kind }, icon(kind === "speaker" ? "sound" : kind), this.selects[kind], ...more);
    };
    this.fields = { camera: field("camera", this.blur.element), microphone: field("microphone", this.meter.element), speaker: field("speaker", this.test) };
    this.treatments = TREATMENTS.map((name) => this.#treatment(name));
    const { ontreat } = options;
    const group = ontreat && h("div", { class: "rtc-treatments", role: "group", "aria-label": "What is done to your sound" }, ...this.treatments);
    this.element = h("div", { class: "rtc-device-fields" }, ...Object.values(this.fields), this.trouble, group ?? null);
  }

  /** @param {Tracks} tracks what is on @param {{ watch?: boolean }} [options] viewers have no need of camera and microphone */
  update(tracks, { watch = false } = {}) {
    const { choices, list } = this.options;
    for (const kind of KINDS) {
      const devices = list.lists[kind];
      const track = kind === "speaker" ? null : tracks[kind];
      const current = track?.getSettings().deviceId ?? pick(devices, choices.of(kind))?.deviceId ?? devices[0]?.deviceId ?? "";
      fill(this.selects[kind], kind, devices, current);
    }
    for (const kind of /** @type {const} */ (["camera", "microphone"])) this.fields[kind].hidden = watch;
    this.selects.speaker.disabled = !("setSinkId" in HTMLMediaElement.prototype) || !list.lists.speaker.length;
    this.meter.follow(tracks.microphone);
    this.blur.update();
    const able = /** @type {Record<string, boolean>} */ (navigator.mediaDevices?.getSupportedConstraints?.() ?? {});
    this.treatments.forEach((label, index) => {
      label.hidden = watch || !able[TREATMENTS[index]];
      /** @type {HTMLInputElement} */ (label.firstElementChild).checked = choices.sound[TREATMENTS[index]];
    });
  }

  close() {
    this.meter.follow(null);
  }

  /** @param {Treatment} name */
  #treatment(name) {
    const box = h("input", { type: "checkbox", onchange: () => this.options.ontreat?.(name, box.checked) });
    return h("label", { class: "rtc-check" }, box, TREATED[name]);
  }

  async #test() {
    this.test.disabled = true;
    setText(this.trouble, "");
    try {
      const { playTestSound } = await sounds.get();
      await playTestSound(this.selects.speaker.value);
    } catch (error) {
      setText(this.trouble, `The test sound could not be played: ${/** @type {Error} */ (error).message}`);
    }
    this.test.disabled = false;
  }
}

/** @param {HTMLSelectElement} select @param {Kind} kind @param {MediaDeviceInfo[]} devices @param {string} current */
function fill(select, kind, devices, current) {
  const options = devices.map((device, index) => /** @type {const} */ ([device.deviceId, nameOf(device, kind, index)]));
  if (!options.length) options.push(["", kind === "speaker" ? "The system’s speaker" : `No ${kind} to choose from`]);
  select.disabled = options.length < 2;
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key; // an open menu is not rebuilt without need
    select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  }
  if (select.value !== current) select.value = current;
}
