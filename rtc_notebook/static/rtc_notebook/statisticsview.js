// Asks for figures every other second, shows them on the tiles where that is wanted, and marks bad connections.

import { setAttribute } from "./dom.js";
import { loader } from "./loader.js";
import { Meter, countsOf, qualityOf } from "./statistics.js";

/** @typedef {import("./statistics.js").Figures} Figures */
/** @typedef {import("./statistics.js").Quality} Quality */
/** @typedef {import("./tile.js").TileView} TileView */

const lists = loader("statisticslist.js", () => import("./statisticslist.js"));
const INTERVAL = 2_000;
/** @type {Quality[]} */ const QUALITIES = ["poor", "fair", "good"];
const QUALITY = { poor: "Bad connection", fair: "Unsteady connection", good: "Good connection" };

export class StatisticsView {
  #meter = new Meter();
  #shown = false;
  #reading = false;
  /** @type {typeof import("./statisticslist.js") | null} */ #list = null;
  /** @type {Map<string, Figures>} */ #figures = new Map();
  /** @type {WeakMap<TileView, number>} how often in a row a tile was worse than it is marked */ #doubts = new WeakMap();

  /** @param {import("./callview.js").CallView} callView */
  constructor({ call, stage, view }) {
    this.call = call;
    this.stage = stage;
    this.menu = view;
    this.timer = setInterval(() => void this.#read(), INTERVAL);
    void this.#read();
  }

  update() {
    if (this.#shown !== this.menu.statistics) void this.#show(this.menu.statistics);
  }

  /** @param {boolean} shown */
  async #show(shown) {
    this.#shown = shown;
    if (shown) this.#list = await lists.get();
    this.#update();
  }

  close() {
    clearInterval(this.timer);
  }

  async #read() {
    if (this.#reading || this.call.phase !== "connected" || document.hidden) return;
    this.#reading = true;
    try {
      const { reports, linked } = (await this.call.path?.counts()) ?? { reports: [], linked: [] };
      const at = performance.now();
      const counts = [...reports.flatMap((report) => countsOf(report.values(), at)), ...linked.map((one) => ({ ...one, at }))];
      this.#figures = this.#meter.update(counts);
      this.#update();
    } catch (error) {
      console.debug("rtc-notebook: no statistics:", error); // a connection that was just closed
    } finally {
      this.#reading = false;
    }
  }

  #update() {
    for (const [view, tile] of this.stage.shown) {
      const picture = this.#figures.get(this.#pictureOf(tile) ?? "");
      const sound = tile.source === "camera" ? this.#figures.get(this.#soundOf(tile.participant) ?? "") : undefined;
      this.#mark(view, [picture, sound].flatMap((figures) => figures ?? []));
      view.statistics.hidden = !this.#shown || !this.#list;
      if (this.#shown) this.#list?.fill(view.statistics, picture, sound);
    }
  }

  /** @param {import("./room.js").Tile} tile */
  #pictureOf({ track, own, source, local }) {
    if (track && !own) return this.call.received.get(track)?.id;
    const { local: mine, blur } = this.call;
    if (local || own) return (source === "screen" ? mine.screen : blur.shown(mine.camera))?.id; // as it is sent
  }

  /** @param {string} participant */
  #soundOf(participant) {
    if (participant === this.call.me) return this.call.local.microphone?.id;
    const tracks = this.call.participants.find(({ id }) => id === participant)?.tracks;
    const raw = tracks?.find(({ source, kind, of }) => source === "microphone" && kind === "audio" && !of);
    return this.call.received.get((raw?.filter ? raw.filter.track : raw?.id) ?? "")?.id;
  }

  /** Marks a tile at the second bad reading; one may be a keyframe's. @param {TileView} view @param {Figures[]} figures */
  #mark(view, figures) {
    const quality = QUALITIES.find((one) => figures.some((each) => qualityOf(each) === one)) ?? "good";
    const doubts = quality === "good" ? 0 : (this.#doubts.get(view) ?? 0) + 1;
    this.#doubts.set(view, doubts);
    view.quality.hidden = doubts < 2 && !(this.#shown && figures.length);
    setAttribute(view.quality, "data-quality", quality);
    setAttribute(view.quality, "aria-label", QUALITY[quality]);
    setAttribute(view.quality, "title", QUALITY[quality]);
  }
}
