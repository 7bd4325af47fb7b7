// Where the tiles go: as large as the room allows. Tiles are as wide as 16:9 and, where that uses the room better, as
// narrow as 3:4; what is cut off a picture for it counts against it.

/** @typedef {{ x: number, y: number, width: number, height: number }} Rect */
/** @typedef {"grid" | "speaker" | "strip"} Layout */

/**
 * @typedef {object} Placement
 * @property {(Rect | null)[]} rects one a tile; null for those that there is no room for
 * @property {Rect | null} more where it is said how many those are
 * @property {number} hidden how many those are
 */

/** @type {Layout[]} */
export const LAYOUTS = ["grid", "speaker", "strip"];

const WIDEST = 16 / 9;
const NARROWEST = 3 / 4; // on phones; elsewhere they are no narrower than square
const PHONE = 600;
const SMALLEST = 84; // px; a face is hardly seen in less
const COMFORTABLE = 150;
const MOST_STRIP = 0.3;

/**
 * A centred grid of equal tiles, with the number of columns that shows most of their pictures.
 * @param {number} count @param {Rect} area @param {number} gap @param {number} [narrowest] aspect @returns {Rect[]}
 */
export function grid(count, area, gap, narrowest = area.width < PHONE ? NARROWEST : 1) {
  let best = { columns: 1, width: 0, height: 0, score: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (area.width - gap * (columns - 1)) / columns;
    const cellHeight = (area.height - gap * (rows - 1)) / rows;
    if (cellWidth <= 0 || cellHeight <= 0) continue;
    const aspect = Math.min(WIDEST, Math.max(narrowest, cellWidth / cellHeight));
    const width = Math.min(cellWidth, cellHeight * aspect);
    const height = width / aspect;
    const score = width * height * Math.sqrt(aspect / WIDEST);
    if (score > best.score * 1.001) best = { columns, width, height, score };
  }
  const { columns } = best;
  const width = Math.max(1, Math.floor(best.width));
  const height = Math.max(1, Math.floor(best.height));
  const rows = Math.ceil(count / columns);
  const top = area.y + (area.height - rows * height - gap * (rows - 1)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - columns * row : columns; // the last row is centred
    const left = area.x + (area.width - inRow * width - gap * (inRow - 1)) / 2;
    return {
      x: Math.floor(left + (index % columns) * (width + gap)),
      y: Math.floor(top + row * (height + gap)),
      width,
      height,
    };
  });
}

/** As many tiles as are not too small, and the place of the word about the others. @param {number} count @param {Rect} area @param {number} gap @param {number} [narrowest] @returns {Placement} */
function crowd(count, area, gap, narrowest) {
  for (let cells = count; cells > 1; cells--) {
    const rects = grid(cells, area, gap, narrowest);
    if (Math.max(rects[0].width, rects[0].height) < SMALLEST && cells > 2) continue;
    if (cells === count) return { rects, more: null, hidden: 0 };
    const shown = rects.slice(0, -1);
    const hidden = count - shown.length;
    return { rects: [...shown, .../** @type {null[]} */ (Array(hidden).fill(null))], more: rects[cells - 1], hidden };
  }
  return { rects: grid(count, area, gap, narrowest), more: null, hidden: 0 };
}

/** Area of the largest 16:9 picture in it. @param {Rect} area */
const picture = ({ width, height }) => Math.min(width, height * WIDEST) ** 2;

/** Cuts a strip off, beside or below, whichever leaves the larger picture. @param {Rect} area @param {number} count of tiles in it @param {number} gap @returns {[Rect, Rect]} */
function cut(area, count, gap) {
  /** @type {[Rect, Rect] | null} */ let best = null;
  for (const beside of [true, false]) {
    const whole = beside ? area.width : area.height;
    for (let part = 0.12; part <= MOST_STRIP + 0.001; part += 0.03) {
      const strip = Math.round(whole * part);
      const rest = whole - strip - gap;
      const main = beside ? { ...area, width: rest } : { ...area, height: rest };
      const side = beside ? { ...area, x: area.x + rest + gap, width: strip } : { ...area, y: area.y + rest + gap, height: strip };
      const { width, height } = grid(count, side, gap, 1)[0];
      if (Math.max(width, height) < Math.min(COMFORTABLE, whole * 0.2) && part < MOST_STRIP - 0.001) continue;
      if (!best || picture(main) > picture(best[0])) best = [main, side];
      break;
    }
  }
  return /** @type {[Rect, Rect]} */ (best);
}

/**
 * Places tiles. With `focus`, the tile of that index gets the stage: with the others in a strip, or alone but for a
 * small one of oneself in the corner.
 * @param {number} count @param {number} width @param {number} height
 * @param {{ focus?: number, layout?: Layout, own?: number }} [how] own: index of one's own tile @returns {Placement}
 */
export function place(count, width, height, { focus = -1, layout = "grid", own = -1 } = {}) {
  const gap = width < 480 ? 6 : 10;
  const area = { x: gap, y: gap, width: Math.max(1, width - 2 * gap), height: Math.max(1, height - 2 * gap) };
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
  if (own >= 0 && own !== focus) {
    const width = Math.round(Math.min(220, Math.max(SMALLEST, Math.min(area.width * 0.26, area.height * 0.4))));
    const height = Math.round(width / WIDEST);
    rects[own] = { x: area.x + area.width - width - gap, y: area.y + area.height - height - gap, width, height };
  }
  return { rects, more: null, hidden: 0 };
}

/** @param {Rect} rect @returns {Rect} */
const whole = ({ x, y, width, height }) => ({ x, y, width: Math.max(1, Math.floor(width)), height: Math.max(1, Math.floor(height)) });
