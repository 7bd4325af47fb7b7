// Opens a camera or microphone again that was lost without anybody's doing: unplugged, or its permission taken away.

/** @typedef {"camera" | "microphone"} Capturing */

export class Comeback {
  /** @type {Set<Capturing>} */ #lost = new Set();
  /** @type {PermissionStatus[]} */ #permissions = [];
  #busy = false;

  /** @param {(device: Capturing) => Promise<void>} open tells by `found` that it worked */
  constructor(open) {
    this.open = open;
    this.look = () => void this.#look();
  }

  /** @param {Capturing} device */
  lost(device) {
    this.#lost.add(device);
    navigator.mediaDevices?.addEventListener?.("devicechange", this.look);
    void this.#watchPermission(device);
  }

  /** It is open again, or not wanted any more. @param {string} device */
  found(device) {
    this.#lost.delete(/** @type {Capturing} */ (device));
    if (!this.#lost.size) this.close();
  }

  close() {
    this.#lost.clear();
    globalThis.navigator?.mediaDevices?.removeEventListener?.("devicechange", this.look);
    for (const status of this.#permissions.splice(0)) status.onchange = null;
  }

  /** Whether the permission is what is missing. @param {Capturing} device @returns {Promise<boolean>} */
  async denied(device) {
    try {
      return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (/** @type {string} */ (device)) })).state !== "granted";
    } catch {
      return false; // the browser does not tell
    }
  }

  /** @param {Capturing} device */
  async #watchPermission(device) {
    try {
      const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (/** @type {string} */ (device)) });
      status.onchange = this.look;
      this.#permissions.push(status);
    } catch {
      // the browser does not tell; plugging in still counts
    }
  }

  async #look() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      // Not where a prompt would come up by itself.
      for (const device of [...this.#lost]) if (!(await this.denied(device))) await this.open(device);
    } finally {
      this.#busy = false;
    }
  }
}
