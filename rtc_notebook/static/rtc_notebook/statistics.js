// Figures of what is sent and received, from what the browser (W3C webrtc-stats) or the media link has counted.

/**
 * @typedef {import("./link-player.js").Counted} Counted
 *
 * @typedef {object} Figures of one track, over the last second or so
 * @property {"audio" | "video"} kind
 * @property {boolean} sent
 * @property {number} [width]
 * @property {number} [height]
 * @property {number | null} fps
 * @property {number} bitrate bits per second
 * @property {number | null} loss share of the packets, 0 to 1
 * @property {number | null} delay milliseconds: half the round trip to the server, and waiting here
 *
 * @typedef {Counted & { at: number, remoteLoss?: number, buffered?: number, emitted?: number, roundTrip?: number }} Count
 * @typedef {"good" | "fair" | "poor"} Quality
 */

/** What a browser has counted, by track. @param {Iterable<any>} report @param {number} at milliseconds @returns {Count[]} */
export function countsOf(report, at) {
  const all = [...report];
  const byId = new Map(all.map((one) => [one.id, one]));
  const pair = all.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  const roundTrip = pair?.currentRoundTripTime;
  return all.flatMap((one) => {
    if (one.type === "inbound-rtp" && one.trackIdentifier) {
      return {
        track: one.trackIdentifier, kind: one.kind, sent: false, at, roundTrip, bytes: one.bytesReceived ?? 0,
        frames: one.framesDecoded ?? 0, packets: one.packetsReceived ?? 0, lost: one.packetsLost ?? 0,
        width: one.frameWidth, height: one.frameHeight, buffered: one.jitterBufferDelay, emitted: one.jitterBufferEmittedCount,
      };
    }
    if (one.type !== "outbound-rtp") return [];
    const source = byId.get(one.mediaSourceId);
    const remote = byId.get(one.remoteId);
    if (!source?.trackIdentifier) return [];
    return {
      track: source.trackIdentifier, kind: one.kind, sent: true, at, roundTrip: remote?.roundTripTime ?? roundTrip,
      bytes: one.bytesSent ?? 0, frames: one.framesEncoded ?? 0, packets: one.packetsSent ?? 0, lost: 0,
      width: one.frameWidth, height: one.frameHeight, remoteLoss: remote?.fractionLost ?? (remote ? 0 : undefined),
    };
  });
}

/** Turns counts into figures, by the difference to the ones before. */
export class Meter {
  /** @type {Map<string, Count>} */ #before = new Map();

  /** @param {Count[]} counts @returns {Map<string, Figures>} by id of the `MediaStreamTrack` */
  update(counts) {
    /** @type {Map<string, Figures>} */
    const figures = new Map();
    for (const count of counts) {
      const before = this.#before.get(count.track);
      if (before && before.bytes <= count.bytes && count.at > before.at) figures.set(count.track, difference(before, count));
    }
    this.#before = new Map(counts.map((count) => [count.track, count]));
    return figures;
  }
}

/** @param {Count} before @param {Count} count @returns {Figures} */
function difference(before, count) {
  const seconds = (count.at - before.at) / 1000;
  const lost = Math.max(0, count.lost - before.lost);
  const expected = lost + count.packets - before.packets;
  const emitted = (count.emitted ?? 0) - (before.emitted ?? 0);
  const buffered = emitted > 0 ? ((count.buffered ?? 0) - (before.buffered ?? 0)) / emitted : 0;
  const delay = count.roundTrip === undefined ? null : 1000 * (count.roundTrip / 2 + buffered);
  return {
    kind: count.kind, sent: count.sent, width: count.width, height: count.height,
    fps: count.kind === "video" ? (count.frames - before.frames) / seconds : null,
    bitrate: (8 * (count.bytes - before.bytes)) / seconds,
    loss: count.sent ? (count.remoteLoss ?? null) : expected > 0 ? lost / expected : null,
    delay: count.delay ?? delay,
  };
}

/** How well a track comes through. @param {Figures} figures @returns {Quality} */
export function qualityOf({ kind, fps, loss, delay, bitrate }) {
  if ((loss ?? 0) > 0.1 || (delay ?? 0) > 800 || (kind === "video" && bitrate > 0 && fps !== null && fps < 2)) return "poor";
  if ((loss ?? 0) > 0.03 || (delay ?? 0) > 350 || (kind === "video" && bitrate > 0 && fps !== null && fps < 6)) return "fair";
  return "good";
}
