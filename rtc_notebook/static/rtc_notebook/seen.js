// Which pictures a call receives: those of tiles that are seen here, and for a moment those that were seen just now.

const KEPT = 3_000; // milliseconds; who is turned back to is there at once

export class Seen {
  /** @type {Map<object, Set<string>>} what each view shows, by the tiles' keys */ #views = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} tiles that went out of sight a moment ago */ #leaving = new Map();

  /** @param {() => void} onchange @param {number} [kept] */
  constructor(onchange, kept = KEPT) {
    this.onchange = onchange;
    this.kept = kept;
  }

  /** Takes what a view shows now; nothing once it is closed. @param {object} view @param {string[]} keys */
  look(view, keys) {
    const before = [...this.#views.values()].flatMap((each) => [...each]);
    if (keys.length) this.#views.set(view, new Set(keys));
    else this.#views.delete(view);
    const gone = before.filter((key) => !this.#shows(key));
    if (gone.length) this.#leave(gone);
    let fresh = false;
    for (const key of keys) if (!this.#leaving.delete(key) && !before.includes(key)) fresh = true;
    if (fresh) this.onchange();
  }

  /** Whether a tile's picture is to be received. @param {string} key */
  has(key) {
    return this.#leaving.has(key) || this.#shows(key);
  }

  /** @param {string} key */
  #shows(key) {
    return [...this.#views.values()].some((keys) => keys.has(key));
  }

  /** All at once: each change is negotiated. @param {string[]} keys */
  #leave(keys) {
    const timer = setTimeout(() => {
      const left = keys.filter((key) => this.#leaving.get(key) === timer);
      for (const key of left) this.#leaving.delete(key);
      if (left.length) this.onchange();
    }, this.kept);
    for (const key of keys) this.#leaving.set(key, timer);
  }
}
