// Where the tiles go: as large as the room allows. Tiles are as wide as 16:9 and, where that uses the room better, as
// narrow as 3:4; what is cut off a picture for it counts against it. With one of them on a stage: staged.js.

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

export const WIDEST = 16 / 9;
const NARROWEST = 3 / 4; // on phones; elsewhere they are no narrower than square
const PHONE = 600;
export const SMALLEST = 84; // px; a face is hardly seen in less

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
export function crowd(count, area, gap, narrowest) {
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

/** The gap between tiles, and what there is for them within it. @param {number} width @param {number} height @returns {{ gap: number, area: Rect }} */
export function room(width, height) {
  const gap = width < 480 ? 6 : 10;
  return { gap, area: { x: gap, y: gap, width: Math.max(1, width - 2 * gap), height: Math.max(1, height - 2 * gap) } };
}

/** Places tiles in an even grid. @param {number} count @param {number} width @param {number} height */
export function evenly(count, width, height) {
  const { gap, area } = room(width, height);
  return crowd(count, area, gap);
}
