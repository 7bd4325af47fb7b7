// Encodes own tracks for the media link: VP8 and Opus by WebCodecs. What would not get out is never encoded.

import { capturePictures, captureSound } from "./link-capture.js";
import { ENCODED } from "./link-codecs.js";
import { counting } from "./link-player.js";
import { Bitrate } from "./link-window.js";

/**
 * @typedef {import("./link.js").Link} Link
 * @typedef {{ counted: import("./link-player.js").Counted, broken: boolean, setTrack: (track: MediaStreamTrack | null) => void, want: () => void, close: () => void }} Sender
 *   `broken`: this browser cannot encode it after all
 */

const SOUND_BITRATE = 32_000;
const KEYFRAME_WAIT = 300; // ms
const RECONFIGURE = 0.15;
const FAILURES = 3; // in a row, after which a browser is taken not to be able to

/** When frames were captured: the browser's timestamps are steady, but tell no time of day. */
class Captured {
  #offset = Infinity;

  /** @param {number} timestamp µs */
  note(timestamp) {
    const offset = Date.now() / 1000 - timestamp / 1e6;
    if (offset < this.#offset || offset > this.#offset + 1) this.#offset = offset;
  }

  /** Seconds since the epoch; 0, which is unknown, of what another device gave. @param {number} timestamp µs */
  at(timestamp) {
    return Number.isFinite(this.#offset) ? this.#offset + timestamp / 1e6 : 0;
  }
}

/** @implements {Sender} */
export class PictureSender {
  /** @type {import("./link-capture.js").Capture | null} */ #capture = null;
  /** @type {VideoEncoder | null} */ #encoder = null;
  #wanted = true;
  #keyed = -Infinity;
  #last = -Infinity;
  #configured = { width: 0, height: 0, bitrate: 0 };
  #captured = new Captured();
  #failures = 0;
  broken = false;
  counted = counting("video", true);

  /** @param {Link} link @param {string} id the track's @param {(error: Error) => void} onerror */
  constructor(link, id, onerror) {
    this.link = link;
    this.id = id;
    this.onerror = onerror;
    link.pictures += 1;
  }

  /** @param {MediaStreamTrack | null} track */
  setTrack(track) {
    this.#capture?.stop();
    this.#captured = new Captured();
    this.counted.track = track?.id ?? "";
    this.#capture = track && capturePictures(track, (frame) => this.#take(frame));
    this.#wanted = true;
  }

  want() {
    this.#wanted = true;
  }

  close() {
    this.#capture?.stop();
    this.#capture = null;
    this.#stop();
    this.link.pictures -= 1;
  }

  /** @param {VideoFrame} frame */
  #take(frame) {
    try {
      if (!this.broken) this.#encode(frame);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
    } finally {
      frame.close();
    }
  }

  /** @param {VideoFrame} frame */
  #encode(frame) {
    if (!this.link.open || (this.#encoder?.encodeQueueSize ?? 0) > 1) return;
    const now = performance.now();
    this.#captured.note(frame.timestamp);
    const share = this.link.share;
    if (now - this.#last < 750 / Bitrate.fps(share) || !this.link.ready) return;
    this.#last = now;
    this.#configure(frame.displayWidth, frame.displayHeight, share);
    const keyFrame = this.#wanted && now - this.#keyed > KEYFRAME_WAIT;
    if (keyFrame) {
      this.#wanted = false;
      this.#keyed = now;
    }
    this.#encoder?.encode(frame, { keyFrame });
  }

  /** @param {number} width @param {number} height @param {number} share */
  #configure(width, height, share) {
    const { width: before, height: high, bitrate } = this.#configured;
    const same = this.#encoder && width === before && height === high;
    if (same && Math.abs(share - bitrate) < RECONFIGURE * bitrate) return;
    if (!this.#encoder) {
      /** @type {VideoEncoder} */
      const encoder = new VideoEncoder({
        output: (chunk) => encoder === this.#encoder && this.#send(chunk),
        error: (error) => encoder === this.#encoder && this.#fail(error),
      });
      this.#encoder = encoder;
    }
    if (!same) this.#wanted = true;
    this.#configured = { width, height, bitrate: share };
    Object.assign(this.counted, { width, height });
    const framerate = Bitrate.fps(share);
    this.#encoder.configure({ ...ENCODED.video, width, height, bitrate: Math.round(share), framerate });
  }

  /** Tries again with the next frame, and tells once that there is no use in it. @param {Error} error */
  #fail(error) {
    this.#stop();
    this.broken = ++this.#failures >= FAILURES;
    if (this.broken) this.onerror(error);
  }

  /** @param {EncodedVideoChunk} chunk */
  #send(chunk) {
    this.#failures = 0;
    this.counted.bytes += chunk.byteLength;
    this.counted.packets += 1;
    this.counted.frames += 1;
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const timestamp = Math.round((chunk.timestamp * 9) / 100) % 2 ** 32;
    const captured = this.#captured.at(chunk.timestamp);
    this.link.send({ type: "frame", track: this.id, kind: "video", keyframe: chunk.type === "key", timestamp, captured, data });
  }

  #stop() {
    const encoder = this.#encoder;
    this.#encoder = null;
    this.#configured = { width: 0, height: 0, bitrate: 0 };
    this.#wanted = true;
    this.#keyed = -Infinity;
    if (encoder && encoder.state !== "closed") encoder.close();
  }
}

/** @implements {Sender} */
export class SoundSender {
  /** @type {import("./link-capture.js").Capture | null} */ #capture = null;
  /** @type {AudioEncoder | null} */ #encoder = null;
  #captured = new Captured();
  #format = "";
  #failures = 0;
  broken = false;
  counted = counting("audio", true);

  /** @param {Link} link @param {string} id the track's @param {(error: Error) => void} onerror */
  constructor(link, id, onerror) {
    this.link = link;
    this.id = id;
    this.onerror = onerror;
  }

  /** @param {MediaStreamTrack | null} track */
  setTrack(track) {
    this.#capture?.stop();
    this.#captured = new Captured();
    this.counted.track = track?.id ?? "";
    this.#capture = track && captureSound(track, (data) => this.#take(data));
  }

  want() {}

  close() {
    this.#capture?.stop();
    this.#capture = null;
    this.#stop();
  }

  /** @param {AudioData} data */
  #take(data) {
    try {
      if (!this.link.open || this.broken) return;
      this.#captured.note(data.timestamp);
      const format = `${data.sampleRate} ${data.numberOfChannels}`;
      if (!this.#encoder || format !== this.#format) this.#configure(data.sampleRate, data.numberOfChannels);
      this.#format = format;
      this.#encoder?.encode(data);
    } catch (error) {
      this.#fail(/** @type {Error} */ (error));
    } finally {
      data.close();
    }
  }

  /** @param {number} sampleRate @param {number} numberOfChannels */
  #configure(sampleRate, numberOfChannels) {
    this.#stop();
    /** @type {AudioEncoder} */
    const encoder = new AudioEncoder({
      output: (chunk) => encoder === this.#encoder && this.#send(chunk),
      error: (error) => encoder === this.#encoder && this.#fail(error),
    });
    this.#encoder = encoder;
    encoder.configure({ ...ENCODED.audio, sampleRate, numberOfChannels, bitrate: SOUND_BITRATE * numberOfChannels });
  }

  /** Tries again with the next block, and tells once that there is no use in it. @param {Error} error */
  #fail(error) {
    this.#stop();
    this.broken = ++this.#failures >= FAILURES;
    if (this.broken) this.onerror(error);
  }

  /** @param {EncodedAudioChunk} chunk */
  #send(chunk) {
    this.#failures = 0;
    this.counted.bytes += chunk.byteLength;
    this.counted.packets += 1;
    this.counted.frames += 1;
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const timestamp = Math.round((chunk.timestamp * 48) / 1000) % 2 ** 32;
    const captured = this.#captured.at(chunk.timestamp);
    this.link.send({ type: "frame", track: this.id, kind: "audio", keyframe: false, timestamp, captured, data });
  }

  #stop() {
    const encoder = this.#encoder;
    this.#encoder = null;
    if (encoder && encoder.state !== "closed") encoder.close();
  }
}
