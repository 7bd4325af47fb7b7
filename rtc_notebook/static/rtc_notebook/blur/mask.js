// Where in a picture a person is: by the model, steady over time, and along the picture's own edges.

import { GuidedFilter } from "./guided.js";
import { steady } from "./steady.js";

export const WIDTH = 256; // the model's
export const HEIGHT = 144;

export class Mask {
  #canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  #context = /** @type {OffscreenCanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { willReadFrequently: true }));
  #guide = new Float32Array(WIDTH * HEIGHT);
  /** @type {Float32Array | null} */ #mask = null;
  #filter = new GuidedFilter(WIDTH, HEIGHT);
  #last = 0;

  /** @param {any} segmenter MediaPipe's ImageSegmenter */
  constructor(segmenter) {
    this.segmenter = segmenter;
    this.#segment(() => {}); // the first run takes longest
  }

  /** @param {CanvasImageSource} picture @param {(coefficients: Float32Array) => void} use */
  update(picture, use) {
    this.#context.drawImage(picture, 0, 0, WIDTH, HEIGHT);
    const { data } = this.#context.getImageData(0, 0, WIDTH, HEIGHT);
    const guide = this.#guide;
    for (let i = 0; i < guide.length; i++) guide[i] = (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255;
    this.#segment((fresh) => {
      if (this.#mask) steady(this.#mask, fresh);
      else this.#mask = fresh.slice();
      use(this.#filter.run(guide, this.#mask));
    });
  }

  /** @param {(mask: Float32Array) => void} use what it gets is gone afterwards */
  #segment(use) {
    this.#last = Math.max(performance.now(), this.#last + 1); // each picture has to be later than the one before
    this.segmenter.segmentForVideo(this.#canvas, this.#last, (/** @type {any} */ result) => use(result.confidenceMasks[0].getAsFloat32Array()));
  }
}
