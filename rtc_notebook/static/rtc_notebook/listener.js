// How loud a track is.

import { acquire, release } from "./audiocontext.js";

const FLOOR = -60; // dB full scale that count as silence

/** Loudness from 0 (silence) to 1 (full scale), along the ear's scale. @param {Float32Array} samples */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR));
}

/** Listens to tracks, all mixed into one. */
export class Listener {
  /** @type {Map<MediaStreamTrack, MediaStreamAudioSourceNode>} */ #sources = new Map();
  /** @type {AnalyserNode | null} */ #analyser = null;
  #samples = new Float32Array(1024);

  /** Listens to exactly these. @param {MediaStreamTrack[]} tracks */
  follow(tracks) {
    for (const [track, source] of this.#sources) {
      if (tracks.includes(track)) continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    if (tracks.length && !this.#analyser) {
      this.#analyser = acquire()?.createAnalyser() ?? null;
      if (this.#analyser) this.#analyser.fftSize = this.#samples.length;
    }
    for (const track of tracks) {
      if (!this.#analyser || this.#sources.has(track)) continue;
      const context = /** @type {AudioContext} */ (this.#analyser.context);
      const source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#analyser);
      this.#sources.set(track, source);
    }
    if (tracks.length || !this.#analyser) return;
    this.#analyser = null;
    release();
  }

  /** Loudness now; null while nothing can be told. */
  get level() {
    if (this.#analyser?.context.state !== "running") return null;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }
}
