// Draws shapes over a picture, on a canvas.

/**
 * @typedef {import("./protocol.js").Shape} Shape
 * @typedef {import("./overlay.js").Rect} Rect
 * @typedef {{ context: CanvasRenderingContext2D, rect: Rect, mirrored: boolean, masks: Masks }} Target
 * @typedef {WeakMap<import("./protocol.js").Mask, HTMLCanvasElement>} Masks what `decodeMasks` made
 */

const COLOUR = "#00e676";
const FONT = "system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif";
const LARGEST_MASK = 2048;

/** @param {Target} target @param {Shape[]} shapes */
export function drawShapes(target, shapes) {
  const { context, rect } = target;
  context.save();
  context.beginPath();
  context.rect(rect.x, rect.y, rect.width, rect.height);
  context.clip();
  context.lineJoin = context.lineCap = "round";
  for (const shape of shapes) {
    if (shape.shape === "box") drawBox(target, shape);
    else if (shape.shape === "polyline") drawPolyline(target, shape);
    else if (shape.shape === "text") drawText(target, shape);
    else drawMask(target, shape);
  }
  context.restore();
}

/** The part of the canvas that a part of the picture is at. @param {Target} target @returns {Rect} */
function place({ rect, mirrored }, /** @type {number} */ x, /** @type {number} */ y, width = 0, height = 0) {
  return {
    x: rect.x + (mirrored ? 1 - x - width : x) * rect.width,
    y: rect.y + y * rect.height,
    width: width * rect.width,
    height: height * rect.height,
  };
}

/** Strokes and fills the present path. @param {Target} target @param {{ colour?: string, line?: number, fill?: number }} style */
function paint({ context, rect }, { colour, line = 3, fill = 0 }) {
  context.strokeStyle = context.fillStyle = cssColour(colour);
  if (fill > 0) {
    context.globalAlpha = Math.min(1, fill);
    context.fill();
    context.globalAlpha = 1;
  }
  if (line > 0) {
    context.lineWidth = Math.max(1, (line / 1000) * rect.width);
    context.stroke();
  }
}

/** @param {Target} target @param {import("./protocol.js").Box} box */
function drawBox(target, box) {
  const { context, rect } = target;
  const { x, y, width, height } = place(target, box.x, box.y, box.width, box.height);
  context.beginPath();
  context.rect(x, y, width, height);
  paint(target, box);
  if (!box.label) return;
  const size = Math.min(22, Math.max(11, rect.width * 0.02));
  const tall = size * 1.45;
  context.font = `600 ${size}px ${FONT}`;
  const wide = Math.min(context.measureText(box.label).width + size * 0.8, rect.width);
  const overlap = Math.max(0.5, ((box.line ?? 3) / 2000) * rect.width); // its edge and the box's are one
  const above = y - tall >= Math.max(rect.y, 0);
  const left = Math.min(Math.max(x - overlap, Math.max(rect.x, 0)), Math.max(rect.x, rect.x + rect.width - wide));
  const top = above ? y - tall + overlap : y - overlap;
  context.fillStyle = cssColour(box.colour);
  context.fillRect(left, top, wide, tall);
  context.fillStyle = isLight(cssColour(box.colour)) ? "#10141c" : "#ffffff";
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(box.label, left + size * 0.4, top + tall * 0.53, wide);
}

/** @param {Target} target @param {import("./protocol.js").Polyline} polyline */
function drawPolyline(target, { points, closed, ...style }) {
  const { context } = target;
  context.beginPath();
  for (const [x, y] of points) {
    const at = place(target, x, y);
    context.lineTo(at.x, at.y);
  }
  if (closed) context.closePath();
  paint(target, style);
}

/** Words are read from left to right in a mirrored picture too; they stay where they are. @param {Target} target @param {import("./protocol.js").Text} text */
function drawText(target, { x, y, text, colour, size = 0.05 }) {
  const { context, rect, mirrored } = target;
  const at = place(target, x, y);
  const height = Math.max(6, size * rect.height);
  context.font = `600 ${height}px ${FONT}`;
  context.textAlign = mirrored ? "right" : "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = cssColour(colour ?? "#ffffff");
  context.strokeStyle = isLight(cssColour(colour ?? "#ffffff")) ? "rgb(0 0 0 / 65%)" : "rgb(255 255 255 / 75%)";
  context.lineWidth = Math.max(1.5, height * 0.14);
  context.strokeText(text, at.x, at.y);
  context.fillText(text, at.x, at.y);
}

/** @param {Target} target @param {import("./protocol.js").Mask} mask */
function drawMask(target, mask) {
  const picture = target.masks.get(mask);
  if (!picture) return;
  const { context, mirrored } = target;
  const { x, y, width, height } = place(target, mask.x ?? 0, mask.y ?? 0, mask.width ?? 1, mask.height ?? 1);
  context.save();
  context.globalAlpha = Math.min(1, Math.max(0, mask.opacity ?? 0.5));
  context.translate(mirrored ? x + width : x, y);
  context.scale(mirrored ? -1 : 1, 1);
  context.drawImage(picture, 0, 0, width, height);
  context.restore();
}

/** Makes pictures of masks: their colour, as opaque as the mask says. @param {Shape[]} shapes @param {Masks} masks */
export async function decodeMasks(shapes, masks) {
  for (const shape of shapes) {
    if (shape.shape !== "mask") continue;
    try {
      masks.set(shape, await decodeMask(shape));
    } catch {
      // no PNG, or too large a one: the rest of the drawing is worth having
    }
  }
}

/** @param {import("./protocol.js").Mask} mask */
async function decodeMask({ png, colour }) {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const header = new DataView(bytes.buffer);
  // A few bytes can claim any size (PNG, 11.2.2).
  if (Math.max(header.getUint32(16), header.getUint32(20)) > LARGEST_MASK) throw new RangeError("too large");
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const [red, green, blue] = rgb(cssColour(colour));
  for (let at = 0; at < image.data.length; at += 4) {
    image.data[at + 3] = image.data[at];
    image.data[at] = red;
    image.data[at + 1] = green;
    image.data[at + 2] = blue;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** @param {string | undefined} colour */
const cssColour = (colour) => (colour && /^#[0-9a-f]{6}$/i.test(colour) ? colour : COLOUR);

/** @param {string} colour */
const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** @param {string} colour */
function isLight(colour) {
  const [red, green, blue] = rgb(colour);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}
