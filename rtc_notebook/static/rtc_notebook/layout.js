// Where the tiles go: as large as the room allows, always 16:9.

/** @typedef {{ x: number, y: number, width: number, height: number }} Rect */

const ASPECT = 16 / 9;

/**
 * A centred grid of equal tiles, with the number of columns that makes them largest.
 * @param {number} count @param {Rect} area @param {number} gap @returns {Rect[]}
 */
export function grid(count, area, gap) {
  let best = { columns: 1, width: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const byHeight = ((area.height - gap * (rows - 1)) / rows) * ASPECT;
    const width = Math.min((area.width - gap * (columns - 1)) / columns, byHeight);
    if (width > best.width + 0.5) best = { columns, width };
  }
  const { columns } = best;
  const width = Math.max(1, Math.floor(best.width));
  const height = Math.max(1, Math.floor(best.width / ASPECT));
  const rows = Math.ceil(count / columns);
  const top = area.y + (area.height - rows * height - gap * (rows - 1)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - columns * row : columns; // the last row is centred
    const left = area.x + (area.width - inRow * width - gap * (inRow - 1)) / 2;
    return {
      x: Math.round(left + (index % columns) * (width + gap)),
      y: Math.round(top + row * (height + gap)),
      width,
      height,
    };
  });
}

/**
 * Places tiles; with `spotlight` the tile of that index (a shared screen) takes most of the room.
 * @param {number} count @param {number} width @param {number} height @param {number} [spotlight] @returns {Rect[]}
 */
export function place(count, width, height, spotlight = -1) {
  const gap = width < 480 ? 6 : 10;
  const area = { x: gap, y: gap, width: Math.max(1, width - 2 * gap), height: Math.max(1, height - 2 * gap) };
  if (spotlight < 0 || count === 1) return grid(count, area, gap);
  const side = area.width > area.height * 1.5;
  const strip = side ? Math.max(110, area.width * 0.2) : Math.max(64, area.height * 0.2);
  const main = { ...area, width: area.width - (side ? strip + gap : 0), height: area.height - (side ? 0 : strip + gap) };
  const rest = side
    ? { ...area, x: area.x + area.width - strip, width: strip }
    : { ...area, y: area.y + area.height - strip, height: strip };
  const rects = grid(count - 1, rest, gap);
  rects.splice(spotlight, 0, { x: main.x, y: main.y, width: Math.floor(main.width), height: Math.floor(main.height) });
  return rects;
}
