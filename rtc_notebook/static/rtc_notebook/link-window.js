// How much may be on its way, and how much a picture may take, by what gets through; see rtc_notebook/link/window.py.
// Times are seconds of one steady clock.

const START = 64 * 1024;
const LEAST = 6 * 1024;
const MOST = 1024 * 1024;
const QUEUE = 0.12; // how much longer than the shortest a round trip may take
const SHORTEST_FOR = 20;
const RATE_EVERY = 0.5;

export class Window {
  size = START;
  sent = 0;
  acked = 0;
  /** Smoothed round trip, waiting in buffers included. */ delay = 0;
  /** Bytes a second that got through lately. */ rate = 0;
  shortest = Infinity;
  #shortestAt = 0;
  #changed = -Infinity;
  #limited = false;
  /** @type {[number, number] | null} */ #rated = null;

  get unacked() {
    return this.sent - this.acked;
  }

  /** Whether more may be sent. */
  get open() {
    const open = this.unacked < this.size;
    this.#limited ||= !open;
    return open;
  }

  /** @param {number} size */
  add(size) {
    this.sent += size;
  }

  /** @param {number} received bytes in all @param {number} roundTrip @param {number} now */
  acknowledge(received, roundTrip, now) {
    if (received < this.acked || received > this.sent) return;
    this.acked = received;
    if (!(roundTrip >= 0 && roundTrip < 60)) return;
    this.#measure(received, now);
    this.delay = this.delay ? this.delay + (roundTrip - this.delay) / 4 : roundTrip;
    if (roundTrip <= this.shortest || now - this.#shortestAt > SHORTEST_FOR) {
      this.shortest = roundTrip;
      this.#shortestAt = now;
    }
    if (now - this.#changed < Math.max(this.delay, 0.05)) return;
    this.#changed = now;
    if (roundTrip > this.shortest + QUEUE) this.size = Math.max(LEAST, Math.floor(this.size * 0.75));
    else if (this.#limited) this.size = Math.min(MOST, Math.floor(this.size * 1.15));
    this.#limited = false;
  }

  /** @param {number} received @param {number} now */
  #measure(received, now) {
    if (!this.#rated) this.#rated = [now, received];
    const [since, before] = this.#rated;
    if (now - since < RATE_EVERY) return;
    this.rate = (received - before) / (now - since);
    this.#rated = [now, received];
  }
}

const LEAST_BITRATE = 100_000;

/** What all pictures of a link may take together, bits per second: less where some did not get out, slowly more else. */
export class Bitrate {
  #blocked = 0;
  #seen = 0;
  #at = 0;

  /** @param {number} start @param {number} most */
  constructor(start, most) {
    this.value = start;
    this.most = most;
  }

  /** Notes a picture that got out, or did not. @param {boolean} out */
  note(out) {
    this.#seen += 1;
    if (!out) this.#blocked += 1;
  }

  /** @param {number} rate bytes a second that got through @param {number} now */
  update(rate, now) {
    if (now - this.#at < RATE_EVERY) return this.value;
    this.#at = now;
    if (this.#blocked > 0.1 * this.#seen) {
      const through = rate > 0 ? 8 * 0.9 * rate : this.value;
      this.value = Math.max(LEAST_BITRATE, Math.min(0.85 * this.value, Math.max(through, 0.5 * this.value)));
    } else if (this.#seen) {
      this.value = Math.min(this.most, 1.06 * this.value);
    }
    this.#blocked = this.#seen = 0;
    return this.value;
  }

  /** Pictures a second that are worth sending at a share of this. @param {number} share bits per second */
  static fps(share) {
    return share < 150_000 ? 8 : share < 300_000 ? 15 : 30;
  }
}

/** How long messages are on their way here, from when their sender says they left, by a clock of its own. */
export class Lateness {
  #least = Infinity;
  #next = Infinity;
  #since = 0;
  /** Seconds beyond the fastest that came. */ value = 0;

  /** @param {number} sent @param {number} arrived */
  add(sent, arrived) {
    const trip = arrived - sent;
    if (arrived - this.#since > 30) {
      this.#least = this.#next; // clocks drift apart
      this.#next = Infinity;
      this.#since = arrived;
    }
    this.#next = Math.min(this.#next, trip);
    this.#least = Math.min(this.#least, trip);
    this.value += (trip - this.#least - this.value) / 8;
  }
}
