// A canvas over a tile's video: the drawings of kernels, each with the picture that it was made for.

import { h, setAttribute } from "./dom.js";
import { CaptureClock, pictureIn } from "./overlay.js";
import { drawShapes } from "./shapes.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./overlays.js").Picture} Picture
 * @typedef {import("./protocol.js").Overlay} Overlay
 * @typedef {import("./room.js").Tile} Tile
 */

const REPORT_EVERY = 2_000;

export class OverlayView {
  #clock = new CaptureClock();
  /** @type {Call | null} */ #call = null;
  /** @type {Picture | null} */ #picture = null;
  /** @type {Tile | null} */ #tile = null;
  /** @type {MediaStreamTrack | null} */ #track = null;
  #running = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #reported = -Infinity;
  /** @type {number | null} */ #captured = null;
  /** @type {Overlay[]} */ #shown = [];
  #drawn = ""; // the size and place that it is drawn for

  /** @param {HTMLVideoElement} video @param {import("./overlays.js").Overlays} overlays */
  constructor(video, overlays) {
    this.video = video;
    this.overlays = overlays;
    this.canvas = h("canvas", { class: "rtc-overlay", "aria-hidden": "true", hidden: true });
    this.news = () => this.#start();
    this.observer = new ResizeObserver(() => this.#look());
  }

  /** Shows what is drawn over this tile's picture. @param {Tile} tile @param {MediaStreamTrack | null} track @param {Call} call */
  follow(tile, track, call) {
    this.#call = call;
    this.#tile = tile;
    const picture = this.overlays.of(tile.key);
    if (picture !== this.#picture) {
      this.#picture?.listeners.delete(this.news);
      this.#picture = picture;
      picture.listeners.add(this.news);
    }
    if (track !== this.#track) {
      this.#track = track;
      this.#clock = new CaptureClock();
      this.#captured = null;
      this.#reported = -Infinity;
    }
    if (!picture.drawings.empty) this.#start();
  }

  close() {
    this.#picture?.listeners.delete(this.news);
    this.#picture = null;
    this.observer.disconnect();
    clearTimeout(this.#timer);
  }

  /** Something is there to be drawn: follows the video, picture by picture, for as long as it is. */
  #start() {
    if (!this.#running && this.#picture && "requestVideoFrameCallback" in this.video) {
      this.#running = true;
      this.video.requestVideoFrameCallback(this.#frame);
      this.observer.observe(this.video);
    }
    this.#look();
  }

  /** @type {VideoFrameRequestCallback} */
  #frame = (_now, metadata) => {
    if (!this.#picture || this.#picture.drawings.empty) {
      this.#running = false;
      this.observer.disconnect();
      return;
    }
    this.video.requestVideoFrameCallback(this.#frame);
    const epoch = (Date.now() - performance.now()) / 1000;
    const { local, processed } = /** @type {Tile} */ (this.#tile);
    // A processed picture has the filtering kernel's clock, and of it the newest drawing is right enough.
    if (processed) this.#captured = null;
    else if (local) this.#captured = metadata.captureTime === undefined ? null : epoch + metadata.captureTime / 1000;
    else this.#captured = this.#clock.captured(metadata, epoch);
    if (!local && !processed) this.#report();
    this.#look();
  };

  #report() {
    const now = performance.now();
    const [clock, track, call] = [this.#clock, this.#track, this.#call];
    if (!track || !call || now - this.#reported < REPORT_EVERY) return;
    this.#reported = now;
    call.path?.stats(track).then((stats) => {
      for (const { type, timestamp, remoteTimestamp } of stats?.values() ?? []) {
        if (type === "remote-outbound-rtp") clock.report(timestamp, remoteTimestamp); // its sender's clock
      }
    }).catch(() => {}); // without reports the newest is drawn
  }

  /** Draws, if what is to be seen is not what was drawn. */
  #look() {
    clearTimeout(this.#timer);
    if (!this.#picture) return;
    const { drawings } = this.#picture;
    const now = performance.now() / 1000;
    const shown = drawings.at(now, this.#captured);
    const next = drawings.next() - now;
    if (next < 3600) this.#timer = setTimeout(() => this.#look(), Math.max(10, 1000 * next + 10));
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.video;
    const fit = this.video.dataset.fit ?? "contain";
    const mirrored = this.#tile?.mirrored ?? false;
    const ratio = globalThis.devicePixelRatio || 1;
    const drawn = [videoWidth, videoHeight, clientWidth, clientHeight, fit, mirrored, ratio].join();
    const same = shown.length === this.#shown.length && shown.every((overlay, index) => overlay === this.#shown[index]);
    if (same && drawn === this.#drawn) return;
    this.#shown = shown;
    this.#drawn = drawn;
    const some = shown.some(({ shapes }) => shapes.length > 0) && videoWidth > 0 && clientWidth > 0;
    setAttribute(this.canvas, "hidden", !some);
    if (!some) return;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.scale(ratio, ratio);
    const rect = pictureIn({ width: videoWidth, height: videoHeight }, { width: clientWidth, height: clientHeight }, fit);
    const { masks } = this.overlays;
    for (const { shapes } of shown) drawShapes({ context, rect, mirrored, masks }, shapes);
  }
}
