// Tiles with one of them on the stage. Loaded when a call has a stage first: by its layout, a pin or a shared screen.

import { Focus } from "./focus.js";
import { SMALLEST, WIDEST, crowd, grid, room } from "./layout.js";

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./layout.js").Placement} Placement
 * @typedef {import("./layout.js").Rect} Rect
 */

export { Focus };

const COMFORTABLE = 150;
const MOST_STRIP = 0.3;
const COUNT = { width: 64, height: 44 }; // how many there is no room for, over the stage

/** Area of the largest 16:9 picture in it. @param {Rect} area */
const picture = ({ width, height }) => Math.min(width, height * WIDEST) ** 2;

/** Cuts a strip off, beside or below, whichever leaves the larger pictures. @param {Rect} area @param {number} count of tiles in it @param {number} gap @returns {[Rect, Rect]} */
function cut(area, count, gap) {
  /** @type {[Rect, Rect] | null} */ let best = null;
  let most = 0;
  for (const beside of [true, false]) {
    const whole = beside ? area.width : area.height;
    for (let part = 0.12; part <= MOST_STRIP + 0.001; part += 0.03) {
      const strip = Math.round(whole * part);
      const rest = whole - strip - gap;
      const main = beside ? { ...area, width: rest } : { ...area, height: rest };
      const side = beside ? { ...area, x: area.x + rest + gap, width: strip } : { ...area, y: area.y + rest + gap, height: strip };
      const [first] = grid(count, side, gap, 1);
      const { width, height } = first;
      if (Math.max(width, height) < Math.max(SMALLEST, Math.min(COMFORTABLE, whole * 0.2)) && part < MOST_STRIP - 0.001) continue;
      const shown = picture(main) + picture(first);
      if (shown > most) [best, most] = [[main, side], shown];
      break;
    }
  }
  return /** @type {[Rect, Rect]} */ (best);
}

/**
 * Places tiles. With `focus`, the tile of that index gets the stage: with the others in a strip, or alone but for a
 * small one of oneself in the corner, and how many the others are.
 * @param {number} count @param {number} width @param {number} height
 * @param {{ focus?: number, layout?: Layout, own?: number }} [how] own: index of one's own tile @returns {Placement}
 */
export function place(count, width, height, { focus = -1, layout = "grid", own = -1 } = {}) {
  const { gap, area } = room(width, height);
  if (focus < 0 || count === 1) return crowd(count, area, gap);
  if (layout === "speaker") return alone(count, area, gap, focus, own);
  const [main, side] = cut(area, count - 1, gap);
  const { rects, more, hidden } = crowd(count - 1, side, gap, 1);
  rects.splice(focus, 0, whole(main));
  return { rects, more, hidden };
}

/** @param {number} count @param {Rect} area @param {number} gap @param {number} focus @param {number} own @returns {Placement} */
function alone(count, area, gap, focus, own) {
  /** @type {(Rect | null)[]} */
  const rects = Array(count).fill(null);
  rects[focus] = whole(area);
  let right = area.x + area.width - gap;
  const bottom = area.y + area.height - gap;
  if (own >= 0 && own !== focus) {
    const width = Math.round(Math.min(220, Math.max(SMALLEST, Math.min(area.width * 0.26, area.height * 0.4))));
    const height = Math.round(width / WIDEST);
    rects[own] = { x: right - width, y: bottom - height, width, height };
    right -= width + gap;
  }
  const hidden = rects.filter((rect) => rect === null).length;
  const more = hidden ? { x: Math.max(area.x, right - COUNT.width), y: bottom - COUNT.height, ...COUNT } : null;
  return { rects, more, hidden };
}

/** @param {Rect} rect @returns {Rect} */
const whole = ({ x, y, width, height }) => ({ x, y, width: Math.max(1, Math.floor(width)), height: Math.max(1, Math.floor(height)) });
