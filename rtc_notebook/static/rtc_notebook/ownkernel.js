// The kernel that a widget belongs to. An output of yesterday's must not turn a camera on: devices are opened once the
// kernel is seen in the room, and people are told when it is late, or gone.

/** @typedef {{ camera: boolean, microphone: boolean }} Wish */

const DUE = 8_000;
const WAIT = 30_000; // its worker may take long to start, as on Binder
const LATE = "The kernel that made this call is not in it yet. If it does not come, run the cell again.";
const MISSING = "The kernel that made this call is not in it. Run the cell again.";

export class OwnKernel {
  /** Whether it was here and is gone. */ gone = false;
  #seen = false;
  /** @type {Wish | null} devices to open once it is seen */ #wish = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;

  /** @param {import("./call.js").Call} call @param {(message: string) => void} onmissing called when it is not waited for any longer */
  constructor(call, onmissing) {
    this.call = call;
    this.onmissing = onmissing;
  }

  /** It is not missed any longer: another one comes, which may take as long as the first. */
  forgive() {
    this.gone = this.#seen = false;
    this.bePatient();
    if (this.call.atTheDoor) return;
    if (this.#wish) return this.expect();
    this.#patience = setTimeout(() => {
      this.#seen = true; // or should have been
      this.look();
      this.call.changed();
    }, WAIT);
  }

  /** Opens devices once it is seen. @param {Wish} wish */
  awaitWith(wish) {
    this.#wish = wish;
    this.expect();
  }

  /** The person has turned a device on or off meanwhile: that holds. @param {keyof Wish} device */
  decided(device) {
    if (this.#wish) this.#wish = { ...this.#wish, [device]: false };
  }

  /** From now on it should not take long, if devices wait for it. */
  expect() {
    if (!this.#wish) return;
    this.bePatient();
    this.#patience = setTimeout(() => {
      this.call.notice("no-kernel", "warning", LATE);
      this.#patience = setTimeout(() => this.onmissing(MISSING), WAIT - DUE);
    }, DUE);
  }

  /** It may take any time. */
  bePatient() {
    clearTimeout(this.#patience);
  }

  /** Looks for it in the room. */
  look() {
    const { call } = this;
    const mine = call.participants.find(({ id }) => id === call.me)?.widgetOf;
    const here = call.participants.some(({ id, connected }) => id === mine && connected !== false);
    if (here) this.#seen = true;
    const wish = this.#wish;
    if (here && wish) {
      this.#wish = null;
      this.bePatient();
      call.dismiss("no-kernel");
      call.devices.open(wish).catch((error) => call.report(error));
    }
    this.gone = this.#seen && !here;
  }

  end() {
    this.#wish = null;
    this.#seen = false;
    this.bePatient();
  }
}
