// All tiles of a call, laid out for the size there is, with one of them on the stage where there is reason to.

import { h, setText } from "./dom.js";
import { Focus } from "./focus.js";
import { place } from "./layout.js";
import { tilesOf } from "./room.js";
import { TileView } from "./tile.js";
import { Voices } from "./voices.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").Rect} Rect */
/** @typedef {import("./room.js").Tile} Tile */

export class Stage {
  /** @type {Map<string, TileView>} in the order in which they are shown */ #views = new Map();
  /** @type {Map<string, Tile>} */ #tiles = new Map();
  /** @type {Layout} */ layout = "grid";
  focus = new Focus();

  /** @param {{ onmore?: () => void }} [options] */
  constructor({ onmore = () => {} } = {}) {
    this.more = h("button", { type: "button", class: "rtc-more-tile", onclick: onmore });
    this.more.hidden = true;
    this.element = h("div", { class: "rtc-stage" }, this.more);
    this.voices = new Voices(() => this.#layout());
    this.observer = this.#observe();
  }

  /** The views of the tiles with what they show. @returns {Iterable<[TileView, Tile]>} */
  get shown() {
    return [...this.#views].map(([key, view]) => [view, /** @type {Tile} */ (this.#tiles.get(key))]);
  }

  /** @param {Call} call */
  update(call) {
    const tiles = tilesOf(call.participants, call.me);
    this.#tiles = new Map(tiles.map((tile) => [tile.key, tile]));
    for (const [key, view] of this.#views) {
      if (this.#tiles.has(key)) continue;
      view.remove();
      this.#views.delete(key);
    }
    for (const tile of tiles) {
      const view = this.#views.get(tile.key) ?? new TileView((key) => this.pin(key));
      this.#views.set(tile.key, view);
      const mine = tile.source === "screen" ? call.local.screen : call.blur.shown(call.local.camera);
      if (tile.source === "camera" && call.devices.facing === "environment") tile.mirrored = false; // it looks at others
      // One's own device is seen before the room knows of it.
      if (tile.local && mine && tile.content === "off") tile.content = "live";
      const track = tile.local ? mine : (call.received.get(tile.track ?? "") ?? null);
      view.update(tile, track, call.link);
      void view.compare(tile.own && tile.processed ? mine : null);
      view.draw(tile, track, call);
      if (!view.element.isConnected) this.element.append(view.element);
    }
    const own = tiles.filter((tile) => tile.own).map(({ key }) => key);
    this.#views = new Map([...this.#views].sort(([a], [b]) => Number(own.includes(b)) - Number(own.includes(a))));
    this.voices.update(call);
    this.#layout();
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.layout = layout;
    this.#layout();
  }

  /** Puts a tile on the stage, or takes it off. @param {string} key */
  pin(key) {
    this.focus.toggle(key);
    this.#layout();
  }

  /** Goes on in the window that it was moved to. */
  moved() {
    this.observer.disconnect();
    this.observer = this.#observe();
    for (const view of this.#views.values()) view.resume();
    this.#layout();
  }

  close() {
    this.observer.disconnect();
    this.voices.close();
    for (const view of this.#views.values()) view.remove();
    this.#views.clear();
  }

  #observe() {
    const { ResizeObserver } = /** @type {typeof globalThis} */ (/** @type {unknown} */ (this.element.ownerDocument.defaultView ?? globalThis));
    const observer = new ResizeObserver(() => this.#layout());
    observer.observe(this.element);
    return observer;
  }

  #layout() {
    const { clientWidth, clientHeight } = this.element;
    const { speaker, talking } = this.voices;
    const stagedKey = this.focus.choose([...this.#tiles.values()], this.layout, speaker);
    const keys = [...this.#views.keys()];
    for (const [view, { key, participant, source }] of this.shown) {
      const staged = key === stagedKey;
      const pinned = staged && (key === this.focus.pinned || source === "screen");
      view.stand({ staged, pinned, talking: source === "camera" && talking.has(participant) });
    }
    if (!clientWidth || !keys.length) return;
    const own = keys.findIndex((key) => this.#tiles.get(key)?.own && this.#tiles.get(key)?.source === "camera");
    const arrange = () => place(keys.length, clientWidth, clientHeight, { focus: keys.indexOf(stagedKey ?? ""), layout: this.layout, own });
    let placed = arrange();
    if (placed.more && this.#bringIn(keys, placed.rects, stagedKey)) placed = arrange();
    const corner = this.layout === "speaker" && stagedKey !== null && keys[own] !== stagedKey ? own : -1;
    keys.forEach((key, index) => show(/** @type {TileView} */ (this.#views.get(key)), placed.rects[index], index === corner));
    this.more.hidden = !placed.more;
    if (!placed.more) return;
    put(this.more, placed.more);
    setText(this.more, `+${placed.hidden}`);
    this.more.setAttribute("aria-label", `${placed.hidden} more: show people`);
  }

  /** Who speaks is seen, in the place of the last one that is. @param {string[]} keys @param {(Rect | null)[]} rects @param {string | null} staged */
  #bringIn(keys, rects, staged) {
    const { speaker } = this.voices;
    const speaks = keys.findIndex((key) => this.#tiles.get(key)?.participant === speaker && this.#tiles.get(key)?.source === "camera");
    if (speaks < 0 || rects[speaks]) return false;
    const last = keys.map((key, index) => rects[index] !== null && key !== staged && !this.#tiles.get(key)?.own).lastIndexOf(true);
    if (last < 0) return false;
    [keys[last], keys[speaks]] = [keys[speaks], keys[last]];
    this.#views = new Map(keys.map((key) => [key, /** @type {TileView} */ (this.#views.get(key))]));
    return true;
  }
}

/** @param {TileView} view @param {Rect | null} rect @param {boolean} corner whether it lies over another */
function show(view, rect, corner) {
  view.element.hidden = !rect;
  view.element.toggleAttribute("data-corner", corner);
  if (!rect) return;
  put(view.element, rect);
  view.element.toggleAttribute("data-small", rect.width < 220 || rect.height < 110);
  view.element.toggleAttribute("data-tiny", rect.width < 120);
  view.resized(rect.width / rect.height);
}

/** @param {HTMLElement} element @param {Rect} rect */
function put(element, { x, y, width, height }) {
  element.style.transform = `translate(${x}px, ${y}px)`;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}
