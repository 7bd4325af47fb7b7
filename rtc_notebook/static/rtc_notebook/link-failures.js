// A decoder's failures in a row: after some of them it is tried ever more seldom. The browser says that it can decode this,
// so it may be the machine's bad moment, or a sender's.

const FAILURES = 3;
const REST = 2_000; // milliseconds; doubled each time that it fails again
const LONGEST_REST = 60_000;

export class Failures {
  #count = 0;
  #until = 0;

  /** @param {(error: Error) => void} ontold called when it is left alone first */
  constructor(ontold) {
    this.ontold = ontold;
  }

  /** Whether it is left alone now. */
  get resting() {
    return performance.now() < this.#until;
  }

  none() {
    this.#count = 0;
  }

  /** @param {Error} error */
  add(error) {
    const more = ++this.#count - FAILURES;
    if (more < 0) return;
    this.#until = performance.now() + Math.min(LONGEST_REST, REST * 2 ** more);
    if (more === 0) this.ontold(error);
  }
}
