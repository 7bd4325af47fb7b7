// The places in which this browser publishes: one a source, and one more for the sound of a shared screen.

/**
 * @typedef {import("./protocol.js").Kind} Kind
 * @typedef {import("./protocol.js").Source} Source
 * @typedef {Source | "screen-sound"} Slot
 */

/** @param {Slot} slot @returns {Source} */
export const sourceOf = (slot) => (slot === "screen-sound" ? "screen" : slot);

/** @param {Slot} slot @returns {Kind} */
export const kindOf = (slot) => (slot === "microphone" || slot === "screen-sound" ? "audio" : "video");
