// All tiles of a call, laid out for the size there is, with one of them on the stage where there is reason to.

import { h, setText } from "./dom.js";
import { evenly } from "./layout.js";
import { loader } from "./loader.js";
import { tilesOf } from "./room.js";
import { TileView } from "./tile.js";

/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./layout.js").Rect} Rect */
/** @typedef {import("./room.js").Tile} Tile */

const stages = loader("staged.js", () => import("./staged.js"));

export class Stage {
  /** @type {Map<string, TileView>} in the order in which they are shown */ #views = new Map();
  /** @type {Map<string, Tile>} */ #tiles = new Map();
  /** @type {Call | null} */ #call = null;
  /** @type {Layout} */ layout = "grid";
  /** Whether one's own camera has a tile. */ self = true;
  /** @type {import("./focus.js").Focus | null} who is on the stage, once there is one */ focus = null;
  /** @type {import("./voices.js").Voices | null} who speaks, once that is listened for */ voices = null;
  /** @type {typeof import("./staged.js") | null} */ #staged = null;
  /** @type {Promise<void> | null} */ #staging = null;

  /** @param {{ onmore?: () => void }} [options] */
  constructor({ onmore = () => {} } = {}) {
    this.more = h("button", { type: "button", class: "rtc-more-tile", onclick: onmore });
    this.more.hidden = true;
    this.element = h("div", { class: "rtc-stage" }, this.more);
    this.observer = this.#observe();
  }

  /** The views of the tiles with what they show. @returns {Iterable<[TileView, Tile]>} */
  get shown() {
    return [...this.#views].map(([key, view]) => [view, /** @type {Tile} */ (this.#tiles.get(key))]);
  }

  /** @param {Call} call */
  update(call) {
    this.#call = call;
    const tiles = tilesOf(call.participants, call.me);
    this.#tiles = new Map(tiles.map((tile) => [tile.key, tile]));
    for (const [key, view] of this.#views) {
      if (this.#tiles.has(key)) continue;
      view.remove();
      this.#views.delete(key);
    }
    for (const tile of tiles) {
      const view = this.#views.get(tile.key) ?? new TileView((key) => void this.pin(key));
      this.#views.set(tile.key, view);
      const mine = tile.source === "screen" ? call.local.screen : call.blur.shown(call.local.camera);
      if (tile.source === "camera" && call.devices.facing === "environment") tile.mirrored = false; // it looks at others
      // One's own device is seen before the room knows of it.
      if (tile.local && mine && tile.content === "off") tile.content = "live";
      if (call.soundOnly && !tile.local) tile.content = "off";
      const track = tile.local ? mine : (call.received.get(tile.track ?? "") ?? null);
      view.update(tile, track, call.link);
      void view.compare(tile.own && tile.processed ? mine : null);
      view.draw(tile, track, call);
      if (!view.element.isConnected) this.element.append(view.element);
    }
    const own = tiles.filter((tile) => tile.own).map(({ key }) => key);
    this.#views = new Map([...this.#views].sort(([a], [b]) => Number(own.includes(b)) - Number(own.includes(a))));
    this.place();
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.layout = layout;
    this.place();
  }

  /** Shows one's own camera, or not; the others see it either way. @param {boolean} shown */
  showSelf(shown) {
    this.self = shown;
    this.place();
  }

  /** Puts a tile on the stage, or takes it off. @param {string} key */
  async pin(key) {
    await this.#build();
    this.focus?.toggle(key);
    this.place();
  }

  /** Loads what puts a tile on the stage. */
  #build() {
    this.#staging ??= stages.get().then((staged) => {
      this.#staged = staged;
      this.focus = new staged.Focus();
      this.place();
    }, () => void (this.#staging = null)); // the server is away: it stays a grid
    return this.#staging;
  }

  /** Goes on in the window that it was moved to. */
  moved() {
    this.observer.disconnect();
    this.observer = this.#observe();
    for (const view of this.#views.values()) view.resume();
    this.place();
  }

  close() {
    this.#call?.seen.look(this, []);
    this.observer.disconnect();
    for (const view of this.#views.values()) view.remove();
    this.#views.clear();
  }

  #observe() {
    const { ResizeObserver } = /** @type {typeof globalThis} */ (/** @type {unknown} */ (this.element.ownerDocument.defaultView ?? globalThis));
    const observer = new ResizeObserver(() => this.place());
    observer.observe(this.element);
    return observer;
  }

  /** Gives each tile its place. */
  place() {
    const { clientWidth, clientHeight } = this.element;
    const speaker = this.voices?.speaker ?? null;
    const talking = this.voices?.talking ?? new Set();
    const mine = (/** @type {Tile | undefined} */ tile) => !!tile?.own && tile.source === "camera";
    const away = !this.self && this.#tiles.size > 1;
    const tiles = [...this.#tiles.values()].filter((tile) => !(away && mine(tile)));
    if (this.layout !== "grid" || tiles.some(({ source, own }) => source === "screen" && !own)) void this.#build();
    const stagedKey = this.focus?.choose(tiles, this.layout, speaker) ?? null;
    const keys = [...this.#views.keys()].filter((key) => !(away && mine(this.#tiles.get(key))));
    for (const [view, { key, participant, source }] of this.shown) {
      const staged = key === stagedKey;
      const pinned = staged && (key === this.focus?.pinned || source === "screen");
      view.stand({ staged, pinned, talking: source === "camera" && talking.has(participant) });
    }
    if (!clientWidth || !keys.length) return;
    const own = keys.findIndex((key) => mine(this.#tiles.get(key)));
    const arrange = () => {
      const how = { focus: keys.indexOf(stagedKey ?? ""), layout: this.layout, own };
      return stagedKey === null || !this.#staged ? evenly(keys.length, clientWidth, clientHeight) : this.#staged.place(keys.length, clientWidth, clientHeight, how);
    };
    let placed = arrange();
    const alone = this.layout === "speaker" && stagedKey !== null;
    if (placed.more && !alone && this.voices?.bringIn(this.#tiles, keys, placed.rects, stagedKey)) {
      const rest = [...this.#views.keys()].filter((key) => !keys.includes(key));
      this.#views = new Map([...rest, ...keys].map((key) => [key, /** @type {TileView} */ (this.#views.get(key))]));
      placed = arrange();
    }
    const corner = alone && keys[own] !== stagedKey ? own : -1;
    for (const [key, view] of this.#views) {
      const index = keys.indexOf(key);
      show(view, placed.rects[index] ?? null, index >= 0 && index === corner);
    }
    // Who talks may be brought in any moment.
    const soon = (/** @type {string} */ key) => {
      const tile = /** @type {Tile} */ (this.#tiles.get(key));
      return tile.source === "camera" && talking.has(tile.participant);
    };
    this.#call?.seen.look(this, keys.filter((key, index) => placed.rects[index] || soon(key)));
    this.more.toggleAttribute("data-corner", alone);
    this.more.hidden = !placed.more;
    if (!placed.more) return;
    put(this.more, placed.more);
    setText(this.more, `+${placed.hidden}`);
    this.more.setAttribute("aria-label", `${placed.hidden} more: show people`);
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
