// Decodes what comes over the media link into ordinary MediaStreamTracks, so that nobody else needs to know of it.

import { acquire, release } from "./link-audio.js";
import { DECODED } from "./link-codecs.js";
import { Failures } from "./link-failures.js";

/**
 * @typedef {import("./link-wire.js").Frame} Frame
 * @typedef {{ track: MediaStreamTrack, counted: Counted, take: (frame: Frame) => void, close: () => void }} Player
 *
 * @typedef {object} Counted since it began
 * @property {string} track id of the `MediaStreamTrack`
 * @property {"audio" | "video"} kind
 * @property {boolean} sent
 * @property {number} bytes
 * @property {number} frames that are shown or sent
 * @property {number} packets
 * @property {number} lost
 * @property {number} [width]
 * @property {number} [height]
 * @property {number | null} [delay] milliseconds on the way, now
 */

/** @param {"audio" | "video"} kind @param {boolean} [sent] @returns {Counted} */
export const counting = (kind, sent = false) => ({ track: "", kind, sent, bytes: 0, frames: 0, packets: 0, lost: 0 });

const MOST_WAITING = 30;
const STALLED = 2_000; // milliseconds in which pictures come and none is shown
const KEYFRAME_WAIT = 300; // milliseconds until a keyframe is asked for again
const BUFFER = 0.06; // seconds of sound that are waited for, where this page plays it itself
const MOST_BUFFER = 0.3;

/** RTP timestamps as µs that never wrap. */
class Times {
  /** @type {number | null} */ #last = null;
  #ticks = 0;

  /** @param {number} timestamp @param {number} rate ticks a second */
  place(timestamp, rate) {
    if (this.#last !== null) this.#ticks += (timestamp - this.#last) | 0;
    this.#last = timestamp;
    return Math.round((this.#ticks / rate) * 1e6);
  }
}

/** Where the browser has it, a track that frames are written into. @param {"video" | "audio"} kind */
function generator(kind) {
  const Generator = /** @type {any} */ (globalThis).MediaStreamTrackGenerator;
  if (!Generator) return null;
  const track = new Generator({ kind });
  return { track, writer: track.writable.getWriter() };
}

/** @implements {Player} */
export class PicturePlayer {
  /** @type {VideoDecoder | null} */ #decoder = null;
  #times = new Times();
  #closed = false;
  /** @type {number | null} since when a picture that came has not been shown */ #waiting = null;
  #askedAt = -Infinity;
  #failures;
  counted = counting("video");

  /** @param {() => void} want asks for a keyframe @param {(error: Error) => void} onfailed */
  constructor(want, onfailed) {
    this.want = want;
    this.#failures = new Failures(onfailed);
    const made = generator("video");
    if (made) {
      this.track = /** @type {MediaStreamTrack} */ (made.track);
      this.show = (/** @type {VideoFrame} */ frame) => {
        if (made.writer.desiredSize <= 0) frame.close();
        else made.writer.write(frame).catch(() => frame.close());
      };
    } else {
      const canvas = document.createElement("canvas");
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      this.track = canvas.captureStream().getVideoTracks()[0];
      this.show = (/** @type {VideoFrame} */ frame) => {
        if (canvas.width !== frame.displayWidth) canvas.width = frame.displayWidth;
        if (canvas.height !== frame.displayHeight) canvas.height = frame.displayHeight;
        context.drawImage(frame, 0, 0);
        frame.close();
      };
    }
  }

  /** @param {Frame} frame */
  take({ data, keyframe, timestamp }) {
    if (this.#closed) return;
    const time = this.#times.place(timestamp, 90_000);
    this.counted.packets += 1;
    this.counted.bytes += data.length;
    if (this.#failures.resting) return;
    const now = performance.now();
    if (this.#decoder && (this.#decoder.decodeQueueSize > MOST_WAITING || now - (this.#waiting ?? now) > STALLED)) this.#reset();
    if (!this.#decoder && !keyframe) return this.#ask();
    this.#waiting ??= now;
    try {
      this.#decoder ??= this.#start();
      this.#decoder.decode(new EncodedVideoChunk({ type: keyframe ? "key" : "delta", timestamp: time, data }));
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
    }
  }

  close() {
    this.#closed = true;
    this.#reset();
    this.track.stop();
  }

  #start() {
    /** @type {VideoDecoder} */
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (decoder !== this.#decoder) return frame.close();
        this.#waiting = null;
        this.#failures.none();
        this.counted.frames += 1;
        Object.assign(this.counted, { width: frame.displayWidth, height: frame.displayHeight });
        this.show(frame);
      },
      error: (error) => decoder === this.#decoder && this.#fail(error),
    });
    this.#decoder = decoder;
    decoder.configure(DECODED.video);
    return decoder;
  }

  /** @param {Error} error */
  #fail(error) {
    this.#reset();
    this.#failures.add(error);
    if (!this.#failures.resting) this.#ask();
  }

  #ask() {
    const now = performance.now();
    if (now - this.#askedAt < KEYFRAME_WAIT) return;
    this.#askedAt = now;
    this.want();
  }

  #reset() {
    const decoder = this.#decoder;
    this.#decoder = this.#waiting = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}

/** @implements {Player} */
export class SoundPlayer {
  /** @type {AudioDecoder | null} */ #decoder = null;
  #times = new Times();
  #closed = false;
  #release = () => {};
  #failures;
  counted = counting("audio");

  /** @param {(error: Error) => void} onfailed */
  constructor(onfailed) {
    this.#failures = new Failures(onfailed);
    const made = generator("audio");
    if (made) {
      this.track = /** @type {MediaStreamTrack} */ (made.track);
      this.play = (/** @type {AudioData} */ data) => void made.writer.write(data).catch(() => data.close());
    } else {
      const context = acquire();
      this.#release = release;
      const destination = context.createMediaStreamDestination();
      this.track = destination.stream.getAudioTracks()[0];
      let next = 0;
      this.play = (/** @type {AudioData} */ data) => {
        if (context.state !== "running") return data.close(); // or all of it would be heard at once afterwards
        const { numberOfFrames, numberOfChannels, sampleRate } = data;
        const buffer = context.createBuffer(numberOfChannels, numberOfFrames, sampleRate);
        for (let channel = 0; channel < numberOfChannels; channel++) {
          data.copyTo(buffer.getChannelData(channel), { planeIndex: channel, format: "f32-planar" });
        }
        data.close();
        const now = context.currentTime;
        if (next < now || next > now + MOST_BUFFER) next = now + BUFFER;
        const source = context.createBufferSource();
        source.buffer = buffer;
        source.connect(destination);
        source.start(next);
        next += numberOfFrames / sampleRate;
      };
    }
  }

  /** @param {Frame} frame */
  take({ data, timestamp }) {
    if (this.#closed) return;
    this.counted.packets += 1;
    this.counted.bytes += data.length;
    if (this.#failures.resting || (this.#decoder && this.#decoder.decodeQueueSize > MOST_WAITING)) return;
    const time = this.#times.place(timestamp, 48_000);
    try {
      this.#decoder ??= this.#start();
      this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: time, data }));
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
    }
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#reset();
    this.#release();
    this.track.stop();
  }

  #start() {
    /** @type {AudioDecoder} */
    const decoder = new AudioDecoder({
      output: (data) => {
        if (decoder !== this.#decoder) return data.close();
        this.#failures.none();
        this.play(data);
      },
      error: (error) => decoder === this.#decoder && this.#fail(error),
    });
    this.#decoder = decoder;
    decoder.configure(DECODED.audio);
    return decoder;
  }

  /** @param {Error} error */
  #fail(error) {
    this.#reset();
    this.#failures.add(error);
  }

  #reset() {
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}
