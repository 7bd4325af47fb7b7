// What a browser can code for the media link: it is asked, for each kind and direction by itself.

/** @typedef {import("./protocol.js").Kind} Kind */

/** What encoders are set to; sizes and bitrates follow what is sent. */
export const ENCODED = {
  video: /** @type {const} */ ({ codec: "vp8", latencyMode: "realtime" }),
  audio: { codec: "opus" },
};
export const DECODED = {
  video: { codec: "vp8", optimizeForLatency: true },
  audio: { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 },
};

/** What a browser is asked about, by the names of its classes. @type {Record<string, object>} */
const ASKED = {
  VideoEncoder: { ...ENCODED.video, width: 640, height: 360, bitrate: 600_000, framerate: 30 },
  VideoDecoder: DECODED.video,
  AudioEncoder: { ...ENCODED.audio, sampleRate: 48_000, numberOfChannels: 1, bitrate: 32_000 },
  AudioDecoder: DECODED.audio,
};
const CODERS = /** @type {const} */ ({ video: ["VideoEncoder", "VideoDecoder"], audio: ["AudioEncoder", "AudioDecoder"] });

/** What it can do; until it has said so, it is taken to be able to do what it has a class for. */
export class Codecs {
  #without = new Set(Object.keys(ASKED).filter((name) => !(name in globalThis)));
  /** Ends when it has said all. */ asked = this.#ask();

  /** @param {Kind} kind */
  canSend(kind) {
    return !this.#without.has(CODERS[kind][0]);
  }

  /** @param {Kind} kind */
  canReceive(kind) {
    return !this.#without.has(CODERS[kind][1]);
  }

  /** What it does not do, for people; empty if it does everything. */
  get lacking() {
    const words = /** @type {const} */ ([["video", "pictures"], ["audio", "sound"]]);
    const unsent = words.flatMap(([kind, word]) => (this.canSend(kind) ? [] : word));
    const unseen = words.flatMap(([kind, word]) => (this.canReceive(kind) ? [] : word));
    const parts = [unsent.length ? `sends no ${unsent.join(" and no ")}` : "", unseen.length ? `receives no ${unseen.join(" and no ")}` : ""];
    return parts.filter(Boolean).join(" and ");
  }

  async #ask() {
    const asking = Object.entries(ASKED).map(async ([name, config]) => {
      try {
        const { supported } = await /** @type {any} */ (globalThis)[name].isConfigSupported(config);
        if (!supported) this.#without.add(name);
      } catch {
        // it is not there, or does not say: whether it works is seen
      }
    });
    await Promise.all(asking);
  }
}
