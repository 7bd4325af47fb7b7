// What a call does not begin with: parts of a view that are loaded once they are needed.

/** @typedef {{ update?: () => void, close?: () => void }} Part */

export class Later {
  /** @type {Map<string, Part>} */ #parts = new Map();
  /** @type {Set<string>} */ #loading = new Set();
  #closed = false;

  /** @param {() => void} onload called when another one is there */
  constructor(onload) {
    this.onload = onload;
  }

  /**
   * The part of that name; null until it was needed and is here.
   * @template {Part} T
   * @param {string} name @param {boolean} needed @param {() => Promise<T>} load @returns {T | null}
   */
  get(name, needed, load) {
    const part = this.#parts.get(name);
    if (!part && needed && !this.#loading.has(name)) void this.#load(name, load);
    return /** @type {T | null} */ (part ?? null);
  }

  update() {
    for (const part of this.#parts.values()) part.update?.();
  }

  close() {
    this.#closed = true;
    for (const part of this.#parts.values()) part.close?.();
  }

  /** @param {string} name @param {() => Promise<Part>} load */
  async #load(name, load) {
    this.#loading.add(name);
    try {
      const part = await load();
      if (this.#closed) return part.close?.();
      this.#parts.set(name, part);
      this.onload();
    } catch {
      // the server is away: asked for again when it is needed again
    } finally {
      this.#loading.delete(name);
    }
  }
}
