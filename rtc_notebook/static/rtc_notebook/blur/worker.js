// Blurs the background of a camera's pictures, in a worker. Until the model is there, all of a picture is background.

import { Compositor } from "./compositor.js";
import { Mask } from "./mask.js";
import { Pace } from "./pace.js";

/**
 * @typedef {{ state: string, readable?: ReadableStream<VideoFrame>, writable?: WritableStream<VideoFrame> }} Start
 *   `state`: URL that says where the model is
 * @typedef {{ frame: ImageBitmap }} Picture
 */

const FIGURES_EVERY = 1_000; // milliseconds

const pace = new Pace();
/** @type {Compositor} */ let compositor;
/** @type {Mask | null} */ let mask = null;
let count = 0;
let since = performance.now();

/** @param {unknown} message @param {Transferable[]} [transfer] */
const tell = (message, transfer = []) => /** @type {any} */ (globalThis).postMessage(message, transfer);
/** @param {unknown} error */
const fail = (error) => tell({ failed: error instanceof Error ? error.message : String(error) });

addEventListener("message", ({ data }) => {
  try {
    if (data.frame) return blurOne(data);
    compositor = new Compositor(() => fail("the graphics card was lost"));
    load(data).catch(fail);
    if (data.readable) stream(data).catch(() => close()); // the camera, or who took its pictures, is gone
  } catch (error) {
    fail(error);
  }
});

/** @param {Start} start */
async function load({ state }) {
  const told = await (await fetch(state)).json();
  if (!told.files) throw new Error(told.message);
  const files = new URL(told.files, state).href;
  const { ImageSegmenter } = await import(`${files}vision.js`);
  const wasm = { wasmLoaderPath: `${files}wasm.js`, wasmBinaryPath: `${files}vision.wasm` };
  // On the CPU: as fast as a model this small needs it, and the same everywhere.
  const baseOptions = { modelAssetPath: `${files}person.tflite`, delegate: "CPU" };
  const segmenter = await ImageSegmenter.createFromOptions(wasm, { baseOptions, runningMode: "VIDEO", outputConfidenceMasks: true, outputCategoryMask: false });
  mask = new Mask(segmenter);
  tell({ ready: true });
}

/** @param {Start} start */
async function stream({ readable, writable }) {
  const reader = /** @type {ReadableStream<VideoFrame>} */ (readable).getReader();
  const writer = /** @type {WritableStream<VideoFrame>} */ (writable).getWriter();
  for (;;) {
    const { done, value: frame } = await reader.read();
    if (done) break;
    const { timestamp, displayWidth, displayHeight } = frame;
    try {
      paint(frame, displayWidth, displayHeight);
    } catch (error) {
      return fail(error);
    } finally {
      frame.close();
    }
    await writer.write(new VideoFrame(compositor.canvas, { timestamp }));
  }
  await writer.close();
}

/** @param {Picture} picture */
function blurOne({ frame }) {
  paint(frame, frame.width, frame.height);
  frame.close();
  const bitmap = compositor.canvas.transferToImageBitmap();
  tell({ bitmap }, [bitmap]);
}

/** @param {VideoFrame | ImageBitmap} frame @param {number} width @param {number} height */
function paint(frame, width, height) {
  const start = performance.now();
  const { height: most, every } = pace.effort;
  if (mask && count % every === 0) mask.update(frame, (coefficients) => compositor.setMask(coefficients));
  compositor.draw(frame, width, height, most);
  const now = performance.now();
  pace.took(now - start);
  count++;
  if (now - since < FIGURES_EVERY) return;
  tell({ figures: { fps: (1000 * count) / (now - since), ms: pace.ms, height: compositor.canvas.height, model: !!mask } });
  count = 0;
  since = now;
}
