// Which devices a person chose and how the microphone is treated, kept in this browser.

/**
 * @typedef {"camera" | "microphone" | "speaker"} Kind
 * @typedef {{ id: string, label: string }} Choice
 * @typedef {"echoCancellation" | "noiseSuppression" | "autoGainControl"} Treatment
 * @typedef {{ camera?: Choice, microphone?: Choice, speaker?: Choice, off?: Treatment[] }} Kept
 */

export const KEY = "rtc-notebook:devices";
/** @type {Treatment[]} */
export const TREATMENTS = ["echoCancellation", "noiseSuppression", "autoGainControl"];

export class Choices {
  /** @param {Pick<Storage, "getItem" | "setItem"> | null} [storage] */
  constructor(storage = ownStorage()) {
    this.storage = storage;
    this.kept = read(storage);
  }

  /** @param {Kind} kind @returns {Choice | null} */
  of(kind) {
    return this.kept[kind] ?? null;
  }

  /** @param {Kind} kind @param {Choice} choice */
  choose(kind, { id, label }) {
    this.kept[kind] = { id, label };
    this.#write();
  }

  /** How the microphone is treated: everything is on unless it was turned off. @returns {Record<Treatment, boolean>} */
  get sound() {
    const off = this.kept.off ?? [];
    return /** @type {Record<Treatment, boolean>} */ (Object.fromEntries(TREATMENTS.map((name) => [name, !off.includes(name)])));
  }

  /** @param {Treatment} name @param {boolean} on */
  treat(name, on) {
    const off = (this.kept.off ?? []).filter((other) => other !== name);
    this.kept.off = on ? off : [...off, name];
    this.#write();
  }

  #write() {
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.kept));
    } catch {} // full, or forbidden: good for this page only
  }
}

/**
 * The chosen one of the devices that are there: by its id or, where ids change with every visit, by its label.
 * @template {{ deviceId: string, label: string }} T
 * @param {T[]} devices @param {Choice | null} choice @returns {T | undefined}
 */
export function pick(devices, choice) {
  if (!choice) return undefined;
  const same = devices.find(({ deviceId }) => deviceId === choice.id);
  return same ?? (choice.label ? devices.find(({ label }) => label === choice.label) : undefined);
}

function ownStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // a page that may not keep anything
  }
}

/** @param {Pick<Storage, "getItem"> | null} storage @returns {Kept} */
function read(storage) {
  try {
    const kept = JSON.parse(storage?.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
