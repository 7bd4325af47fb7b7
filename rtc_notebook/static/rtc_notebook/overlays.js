// What kernels draw over the pictures of a call, by picture; every view of the call shows it from here. Loaded with the
// first drawing.

import { Drawings } from "./overlay.js";
import { OverlayView } from "./overlayview.js";
import { decodeMasks } from "./shapes.js";

/**
 * @typedef {import("./protocol.js").Overlay} Overlay
 * @typedef {{ drawings: Drawings, listeners: Set<() => void>, decoding: number, ready: Promise<void> }} Picture
 */

const DECODING = 4;

export class Overlays {
  /** @type {import("./shapes.js").Masks} */ masks = new WeakMap();
  /** @type {Map<string, Picture>} by the key of its tile */ #pictures = new Map();

  /** @param {string} key a tile's @returns {Picture} */
  of(key) {
    let picture = this.#pictures.get(key);
    if (!picture) {
      picture = { drawings: new Drawings(), listeners: new Set(), decoding: 0, ready: Promise.resolve() };
      this.#pictures.set(key, picture);
    }
    return picture;
  }

  /** What shows it over a video. @param {HTMLVideoElement} video */
  view(video) {
    return new OverlayView(video, this);
  }

  /** Takes a kernel's drawing; masks are decoded first, a few at a time, and drawings stay in order. @param {Overlay} overlay */
  take(overlay) {
    const picture = this.of(`${overlay.participant}/${overlay.source ?? "camera"}/${overlay.label ?? ""}`);
    const arrived = performance.now() / 1000;
    if (picture.decoding >= DECODING) return; // the next one will do
    picture.decoding += 1;
    picture.ready = picture.ready
      .then(() => decodeMasks(overlay.shapes, this.masks))
      .then(() => {
        picture.decoding -= 1;
        picture.drawings.add(overlay, arrived);
        for (const listener of picture.listeners) listener();
      });
  }

  /** Forgets what was drawn over pictures of people who are gone. @param {{ id: string }[]} participants */
  keep(participants) {
    const here = new Set(participants.map(({ id }) => id));
    for (const [key, { listeners }] of this.#pictures) {
      if (!here.has(key.slice(0, key.indexOf("/"))) && !listeners.size) this.#pictures.delete(key);
    }
  }
}
