// Single received pictures that stand still: let go of and asked for anew, ever more seldom where that does not help.

const WITHOUT = 400; // milliseconds; enough for the SFU to have offered less
const WAIT = 4_000;
const LONGEST_WAIT = 300_000;

export class Repairs {
  /** @type {Set<string>} tracks that are not asked for, for a moment */ without = new Set();
  /** @type {Map<string, { at: number, wait: number }>} */ #done = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {() => void} subscribe says what is wanted now */
  constructor(subscribe) {
    this.subscribe = subscribe;
  }

  /** Has tracks sent by another m-line or stream: what stands still may be any part of the way. @param {string[]} tracks */
  repair(tracks) {
    if (this.without.size) return;
    const now = Date.now();
    const due = tracks.filter((track) => {
      const { at, wait } = this.#done.get(track) ?? { at: 0, wait: WAIT / 2 };
      if (now - at < wait) return false;
      this.#done.set(track, { at: now, wait: Math.min(2 * wait, LONGEST_WAIT) });
      return true;
    });
    if (!due.length) return;
    this.without = new Set(due);
    this.subscribe();
    this.#timer = setTimeout(() => {
      this.without.clear();
      this.subscribe();
    }, WITHOUT);
  }

  /** Forgets all but these. @param {string[]} tracks */
  keep(tracks) {
    for (const track of this.#done.keys()) if (!tracks.includes(track)) this.#done.delete(track);
  }

  close() {
    clearTimeout(this.#timer);
    this.without.clear();
  }
}
