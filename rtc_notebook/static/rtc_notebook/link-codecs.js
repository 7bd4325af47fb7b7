// What a browser can do for the media link: each kind and direction by itself.

/** @typedef {import("./protocol.js").Kind} Kind */

const CODERS = /** @type {const} */ ({ video: ["VideoEncoder", "VideoDecoder"], audio: ["AudioEncoder", "AudioDecoder"] });

/** @param {Kind} kind */
export const canSend = (kind) => CODERS[kind][0] in globalThis;

/** @param {Kind} kind */
export const canReceive = (kind) => CODERS[kind][1] in globalThis;

/** What does not go over a WebSocket here, for people; empty if everything does. */
export function lacking() {
  const words = /** @type {const} */ ([["video", "pictures"], ["audio", "sound"]]);
  const unsent = words.flatMap(([kind, word]) => (canSend(kind) ? [] : word));
  const unseen = words.flatMap(([kind, word]) => (canReceive(kind) ? [] : word));
  if (!unsent.length && !unseen.length) return "";
  const parts = [unsent.length ? `sends no ${unsent.join(" and no ")}` : "", unseen.length ? `receives no ${unseen.join(" and no ")}` : ""];
  return `UDP does not get through, and over a WebSocket this browser ${parts.filter(Boolean).join(" and ")}. A newer one does.`;
}
