// Keeps a phone's screen awake (W3C Screen Wake Lock). Browsers take the lock away with the page: it is asked for again.

export class WakeLock {
  /** @type {WakeLockSentinel | null} */ #sentinel = null;
  #wanted = false;
  #asking = false;

  /** @param {{ active: boolean }} call for as long as which it is held */
  constructor(call) {
    this.call = call;
    this.again = () => void this.#ask();
  }

  update() {
    this.#hold(this.call.active);
  }

  close() {
    this.#hold(false);
  }

  /** @param {boolean} on */
  #hold(on) {
    if (on === this.#wanted) return;
    this.#wanted = on;
    if (on) document.addEventListener("visibilitychange", this.again);
    else document.removeEventListener("visibilitychange", this.again);
    if (on) return void this.#ask();
    void this.#sentinel?.release().catch(() => {});
    this.#sentinel = null;
  }

  async #ask() {
    if (!this.#wanted || this.#asking || document.visibilityState !== "visible") return;
    if (this.#sentinel && !this.#sentinel.released) return;
    this.#asking = true;
    // Refused where the battery is low, or the page may not: the call goes on without.
    const sentinel = await navigator.wakeLock?.request("screen").catch(() => null);
    this.#asking = false;
    if (this.#wanted) this.#sentinel = sentinel ?? null;
    else void sentinel?.release();
  }
}
