// Which drawing belongs to the picture that is on the screen now, and where that picture is. Pure: times come in,
// in seconds, and nothing here knows the page.

/**
 * @typedef {import("./protocol.js").Overlay} Overlay
 * @typedef {{ overlay: Overlay, arrived: number }} Entry
 * @typedef {{ x: number, y: number, width: number, height: number }} Rect
 * @typedef {{ captureTime?: number, receiveTime?: number, rtpTimestamp?: number }} FrameTimes of
 *   requestVideoFrameCallback's metadata (WICG video-rvfc), milliseconds of this page's clock
 */

/** Half a frame: what the capture times of one picture, as sender and receiver tell them, may differ by. */
export const TOLERANCE = 0.02;
/** How long a drawing waits for its picture; no picture is further behind. */
export const PATIENCE = 0.5;
/** Clocks that are further apart are not the same one. */
export const PLAUSIBLE = 5;
const WAITING = 64;
const VIDEO_CLOCK = 90_000;
const REPORTS = 8;
const DRIFT = 0.0005; // seconds a second: how fast the shortest way seen is forgotten

/** What kernels draw over one picture; each kernel's newest drawing takes the place of its last one. */
export class Drawings {
  /** @type {Map<string, { waiting: Entry[], shown: Entry | null }>} by kernel */ #kernels = new Map();

  get empty() {
    return this.#kernels.size === 0;
  }

  /** @param {Overlay} overlay @param {number} now */
  add(overlay, now) {
    let kernel = this.#kernels.get(overlay.by);
    if (!kernel) this.#kernels.set(overlay.by, (kernel = { waiting: [], shown: null }));
    kernel.waiting.push({ overlay, arrived: now });
    if (kernel.waiting.length > WAITING) kernel.waiting.shift();
  }

  /**
   * The drawings to be seen now, and forgets those that are over.
   * @param {number} now of this browser's clock
   * @param {number | null} captured when the picture on the screen was, by its sender's clock; null where that is not known
   * @returns {Overlay[]}
   */
  at(now, captured) {
    /** @type {Overlay[]} */
    const seen = [];
    for (const [by, kernel] of this.#kernels) {
      let due = kernel.waiting.length - 1;
      while (due >= 0 && !isDue(kernel.waiting[due], now, captured)) due -= 1;
      if (due >= 0) kernel.shown = kernel.waiting.splice(0, due + 1)[due];
      if (kernel.shown && now - kernel.shown.arrived > seconds(kernel.shown)) kernel.shown = null;
      if (kernel.shown && !isStale(kernel.shown, captured)) seen.push(kernel.shown.overlay);
      if (!kernel.shown && !kernel.waiting.length) this.#kernels.delete(by);
    }
    return seen;
  }

  /** When `at` may give something else although the picture stands still; Infinity if never. */
  next() {
    let next = Infinity;
    for (const { waiting, shown } of this.#kernels.values()) {
      if (shown) next = Math.min(next, shown.arrived + seconds(shown));
      if (waiting.length) next = Math.min(next, waiting[0].arrived + PATIENCE);
    }
    return next;
  }
}

/** @param {Entry} entry */
const seconds = ({ overlay }) => overlay.seconds ?? 1;

/** How much later than the drawing's picture the one on the screen is, if that can be told. @param {Entry} entry @param {number | null} captured */
function lateness({ overlay }, captured) {
  if (captured === null || !overlay.captured) return null;
  const late = captured - overlay.captured;
  return Math.abs(late) > Math.max(PLAUSIBLE, 2 * (overlay.seconds ?? 1)) ? null : late;
}

/** @param {Entry} entry @param {number} now @param {number | null} captured */
function isDue(entry, now, captured) {
  const late = lateness(entry, captured);
  return late === null || late >= -TOLERANCE || now - entry.arrived > PATIENCE;
}

/** @param {Entry} entry @param {number | null} captured */
function isStale(entry, captured) {
  const late = lateness(entry, captured);
  return late !== null && late > seconds(entry);
}

/**
 * Tells when a received picture was captured, by its sender's clock. No browser says so itself unless it also sends on
 * the same connection, but it says when a picture arrived and its RTP timestamp: the shortest way that any picture took
 * tells this clock's time of timestamp 0, and RTCP sender reports (RFC 3550, 6.4.1) how far the sender's clock is ahead.
 * Reports travel the same way as pictures, so the time on the way falls out of the sum.
 */
export class CaptureClock {
  /** @type {number | null} */ #base = null;
  #rtp = 0;
  #unwrapped = 0;
  #last = 0;
  /** @type {number[]} */ #ahead = [];

  /** Takes a sender report; times in milliseconds since the epoch. @param {number} timestamp when it came @param {number} remoteTimestamp what it says */
  report(timestamp, remoteTimestamp) {
    const ahead = (remoteTimestamp - timestamp) / 1000;
    if (!Number.isFinite(ahead) || ahead === this.#ahead[this.#ahead.length - 1]) return;
    this.#ahead = [...this.#ahead, ahead].slice(-REPORTS);
  }

  /** @param {FrameTimes} times @param {number} epoch when this page's clock was 0, in seconds since the epoch @returns {number | null} */
  captured({ receiveTime, rtpTimestamp }, epoch) {
    if (receiveTime === undefined || rtpTimestamp === undefined) return null;
    const arrived = receiveTime / 1000;
    const step = (rtpTimestamp - this.#rtp) | 0; // RTP timestamps wrap at 32 bits
    this.#rtp = rtpTimestamp;
    this.#unwrapped += step;
    if (Math.abs(step) > PLAUSIBLE * VIDEO_CLOCK) this.#base = null; // another stream
    const sample = arrived - this.#unwrapped / VIDEO_CLOCK;
    const elapsed = Math.max(0, arrived - this.#last);
    this.#last = arrived;
    this.#base = this.#base === null ? sample : Math.min(sample, this.#base + DRIFT * elapsed);
    // A report that was repeated or late says too little; the freshest says most.
    if (!this.#ahead.length) return null;
    return epoch + this.#base + this.#unwrapped / VIDEO_CLOCK + Math.max(...this.#ahead);
  }
}

/** Where a picture is in its element. @param {{ width: number, height: number }} picture @param {{ width: number, height: number }} element @param {string} fit CSS object-fit @returns {Rect} */
export function pictureIn(picture, element, fit) {
  const ratios = [element.width / picture.width, element.height / picture.height];
  const scale = fit === "cover" ? Math.max(...ratios) : Math.min(...ratios);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height };
}
