// Which cameras, microphones and speakers there are, followed as they are plugged in and out.

/**
 * @typedef {import("./choices.js").Kind} Kind
 * @typedef {Record<Kind, MediaDeviceInfo[]>} Lists
 */

/** @type {Record<MediaDeviceKind, Kind>} */
const KINDS = { videoinput: "camera", audioinput: "microphone", audiooutput: "speaker" };

/** @returns {Promise<Lists>} */
export async function devicesThere() {
  /** @type {Lists} */
  const lists = { camera: [], microphone: [], speaker: [] };
  const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  for (const device of all) {
    // Without permission browsers tell no ids; "communications" is Windows' second name for one of the others.
    if (device.deviceId && device.deviceId !== "communications") lists[KINDS[device.kind]].push(device);
  }
  return lists;
}

/** What to call a device. @param {{ label: string }} device @param {Kind} kind @param {number} index */
export const nameOf = ({ label }, kind, index) => label || `${kind[0].toUpperCase()}${kind.slice(1)} ${index + 1}`;

export class DeviceList {
  /** @type {Lists} */ lists = { camera: [], microphone: [], speaker: [] };
  #reading = 0;

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
    this.refresh = this.refresh.bind(this);
  }

  start() {
    navigator.mediaDevices?.addEventListener?.("devicechange", this.refresh);
    return this.refresh();
  }

  stop() {
    this.#reading++; // what is being read is no news any more
    navigator.mediaDevices?.removeEventListener?.("devicechange", this.refresh);
  }

  /** To be called when devices were opened, too: only then are their names told. */
  async refresh() {
    const reading = ++this.#reading;
    const lists = await devicesThere();
    if (reading !== this.#reading) return;
    this.lists = lists;
    this.onchange();
  }
}
