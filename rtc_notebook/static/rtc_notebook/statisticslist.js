// Figures of a tile's tracks, as people read them. Loaded when they are shown first.

import { h, setText } from "./dom.js";

/** @typedef {import("./statistics.js").Figures} Figures */

/** Figures as people read them. @param {Figures} figures @returns {[string, string][]} */
export function words({ kind, width, height, fps, bitrate, loss, delay }) {
  const rate = bitrate >= 1e6 ? `${(bitrate / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitrate / 1e3)} kbit/s`;
  /** @type {[string, string | null][]} */
  const rows = [
    [kind === "video" ? "Picture" : "Sound", width && height ? `${width}×${height}` : kind === "video" ? "–" : null],
    ["Frames", fps === null ? null : `${Math.round(fps)} fps`],
    [kind === "video" ? "Bitrate" : "Sound", rate],
    ["Loss", loss === null ? null : `${(100 * loss).toFixed(loss < 0.1 ? 1 : 0)} %`],
    ["Delay", delay === null ? null : `${Math.round(delay)} ms`],
  ];
  return /** @type {[string, string][]} */ (rows.filter(([, value]) => value !== null));
}

/** Shows them in a list. @param {HTMLElement} list @param {Figures} [picture] @param {Figures} [sound] */
export function fill(list, picture, sound) {
  const rows = [...(picture ? words(picture) : []), ...(sound ? words(sound) : [])];
  if (!rows.length) rows.push(["Nothing is sent", ""]);
  while (list.children.length > 2 * rows.length) list.lastChild?.remove();
  while (list.children.length < 2 * rows.length) list.append(h("dt"), h("dd"));
  rows.forEach(([name, value], index) => {
    setText(list.children[2 * index], name);
    setText(list.children[2 * index + 1], value);
  });
}
