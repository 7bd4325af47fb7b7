// Which tile gets the stage: what somebody pinned, else a shared screen, else, where the layout has a stage, who speaks.

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./room.js").Tile} Tile */

export class Focus {
  /** @type {string | null} key of the tile that was pinned here */ pinned = null;
  /** @type {Set<string>} screens that were taken off the stage here */ #dismissed = new Set();
  /** @type {Map<string, number>} when each shared screen was first seen */ #since = new Map();
  #clock = 0;

  /** Pins a tile, or takes it off the stage. @param {string} key */
  toggle(key) {
    if (this.pinned === key) this.pinned = null;
    else if (this.#screen() === key && this.pinned === null) this.#dismissed.add(key);
    else {
      this.pinned = key;
      this.#dismissed.delete(key);
    }
  }

  /**
   * The tile for the stage, by its key; null for an even grid.
   * @param {Tile[]} tiles @param {Layout} layout @param {string | null} speaker participant @returns {string | null}
   */
  choose(tiles, layout, speaker) {
    const keys = new Set(tiles.map(({ key }) => key));
    const screens = tiles.filter(({ source, own, content }) => source === "screen" && !own && content !== "off");
    for (const key of this.#since.keys()) if (!screens.some((tile) => tile.key === key)) this.#since.delete(key);
    for (const { key } of screens) if (!this.#since.has(key)) this.#since.set(key, ++this.#clock);
    for (const key of this.#dismissed) if (!this.#since.has(key)) this.#dismissed.delete(key);
    if (this.pinned !== null && !keys.has(this.pinned)) this.pinned = null;
    const given = this.pinned ?? this.#screen();
    if (given !== null || layout === "grid" || tiles.length < 2) return given;
    const others = tiles.filter(({ own }) => !own);
    const speaks = others.find(({ participant, source }) => participant === speaker && source === "camera");
    return (speaks ?? others[0] ?? tiles[0]).key;
  }

  /** The screen that was shared last. */
  #screen() {
    let [newest, time] = [/** @type {string | null} */ (null), 0];
    for (const [key, since] of this.#since) if (since > time && !this.#dismissed.has(key)) [newest, time] = [key, since];
    return newest;
  }
}
