// How much work a picture may be: as much as this machine gets done in time.

/** @typedef {{ height: number, every: number }} Effort the output's height at most, and after how many pictures the mask is made anew */

/** @type {Effort[]} from the best to the cheapest */
export const EFFORTS = [
  { height: 720, every: 1 },
  { height: 720, every: 2 },
  { height: 540, every: 2 },
  { height: 360, every: 2 },
  { height: 360, every: 4 },
];

const BUSY = 26; // milliseconds a picture; at 30 pictures a second there are 33, and the rest of the call needs some
const IDLE = 13;
const PATIENCE = 12; // pictures until less is done
const COURAGE = 150; // pictures until more is tried; twice as many after each time that it was too much
const MOST_COURAGE = 5_000;

export class Pace {
  /** Milliseconds a picture, smoothed. */ ms = 0;
  #level;
  #since = 0;
  #courage = COURAGE;
  #raised = false;

  constructor(level = 1) {
    this.#level = level;
  }

  get effort() {
    return EFFORTS[this.#level];
  }

  /** A picture took this long. @param {number} ms */
  took(ms) {
    this.ms = this.ms ? this.ms + 0.15 * (Math.min(ms, 200) - this.ms) : Math.min(ms, BUSY); // the first compiles
    this.#since++;
    if (this.ms > BUSY && this.#since >= PATIENCE && this.#level < EFFORTS.length - 1) {
      if (this.#raised) this.#courage = Math.min(2 * this.#courage, MOST_COURAGE);
      this.#change(1);
    } else if (this.ms < IDLE && this.#since >= this.#courage && this.#level > 0) this.#change(-1);
  }

  /** @param {1 | -1} by */
  #change(by) {
    this.#level += by;
    this.#raised = by < 0;
    this.#since = 0;
  }
}
