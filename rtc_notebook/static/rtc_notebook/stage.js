// All tiles of a call, laid out for the size there is.

import { h } from "./dom.js";
import { place } from "./layout.js";
import { tilesOf } from "./room.js";
import { TileView } from "./tile.js";

/** @typedef {import("./call.js").Call} Call */

export class Stage {
  /** @type {Map<string, TileView>} */ #views = new Map();
  #spotlight = -1;

  constructor() {
    this.element = h("div", { class: "rtc-stage" });
    this.observer = new ResizeObserver(() => this.#layout());
    this.observer.observe(this.element);
  }

  /** @param {Call} call */
  update(call) {
    const tiles = tilesOf(call.participants, call.me);
    const views = new Map(tiles.map((tile) => [tile.key, this.#views.get(tile.key) ?? new TileView()]));
    for (const [key, view] of this.#views) if (!views.has(key)) view.remove();
    this.#views = views;
    for (const tile of tiles) {
      const view = /** @type {TileView} */ (views.get(tile.key));
      const mine = tile.source === "screen" ? call.local.screen : call.local.camera;
      if (tile.source === "camera" && call.devices.facing === "environment") tile.mirrored = false; // it looks at others
      // One's own device is seen before the room knows of it.
      if (tile.local && mine && tile.content === "off") tile.content = "live";
      const track = tile.local ? mine : (call.received.get(tile.track ?? "") ?? null);
      view.update(tile, track, call.link);
      view.overlay.follow(tile, track, call);
      if (!view.element.isConnected) this.element.append(view.element);
    }
    this.#spotlight = tiles.findIndex(({ source, own }) => source === "screen" && !own);
    this.#layout();
  }

  close() {
    this.observer.disconnect();
    for (const view of this.#views.values()) view.remove();
    this.#views.clear();
  }

  #layout() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !this.#views.size) return;
    const rects = place(this.#views.size, clientWidth, clientHeight, this.#spotlight);
    [...this.#views.values()].forEach(({ element }, index) => {
      const { x, y, width, height } = rects[index];
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
      element.toggleAttribute("data-small", width < 220);
    });
  }
}
