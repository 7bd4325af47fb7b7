// One tile: a picture, its name, and a cover that says why there is none.

import { h, setAttribute, setText, style } from "./dom.js";
import { icon } from "./icons.js";
import { loader } from "./loader.js";
import { COLOURS, colourOf, initials } from "./room.js";

/** @typedef {import("./room.js").Tile} Tile */

const comparing = loader("comparing.js", () => import("./comparing.js"));
const MOST_CUT = 0.4;

/** @type {Record<string, string>} */
const COVER = {
  starting: "Filter starting…",
  held: "Picture held back until the filter runs again",
  away: "Connection lost, coming back…",
};

export class TileView {
  /** @type {MediaStreamTrack | null} */ #track = null;
  #showing = false; // a frame of this track was seen
  /** @type {Tile | null} */ #tile = null;
  #aspect = 16 / 9;
  /** @type {MediaStreamTrack | null} */ #original = null;
  /** @type {import("./comparing.js").Compare | null} */ #compare = null;
  /** @type {import("./overlayview.js").OverlayView | null} */ #overlay = null;

  /** @param {(key: string) => void} [onpin] */
  constructor(onpin = () => {}) {
    this.onpin = onpin;
    this.video = h("video", { autoplay: true, playsinline: true, muted: true });
    this.video.muted = true; // sound is the call's, see sound.js
    this.video.addEventListener("resize", () => this.#fit());
    this.avatar = h("div", { class: "rtc-avatar", "aria-hidden": "true" });
    this.cover = h("div", { class: "rtc-cover-text" });
    this.name = h("span", { class: "rtc-name-text" });
    this.mark = h("span", { class: "rtc-name-mark", title: "Microphone off" }, icon("microphone-off"));
    this.mark.setAttribute("role", "img");
    this.mark.setAttribute("aria-label", "Microphone off");
    this.filter = h("span", { class: "rtc-filter-mark" }, icon("filter"), h("span"));
    this.link = h("span", { class: "rtc-link-mark" });
    this.hand = h("span", { class: "rtc-hand-mark", role: "img", "aria-label": "Hand raised", title: "Hand raised" }, icon("hand"));
    this.quality = h("span", { class: "rtc-quality-mark", role: "img" }, h("i"), h("i"), h("i"));
    this.quality.hidden = true;
    this.pin = h("button", { type: "button", class: "rtc-pin", "data-on": "false", onclick: () => this.#pin() }, icon("pin"));
    this.statistics = h("dl", { class: "rtc-tile-stats" });
    this.statistics.hidden = true;
    this.element = h(
      "div",
      { class: "rtc-tile", role: "group", onclick: (/** @type {Event} */ event) => this.#click(event) },
      this.video,
      h("div", { class: "rtc-cover" }, this.avatar, this.cover),
      h("div", { class: "rtc-marks" }, this.link, this.filter, this.hand),
      this.statistics,
      h("div", { class: "rtc-name" }, this.mark, this.name, this.quality),
      h("div", { class: "rtc-ring" }),
      this.pin,
    );
  }

  /** @param {Tile} tile @param {MediaStreamTrack | null} track @param {import("./call.js").Call["link"]} link */
  update(tile, track, link) {
    this.#tile = tile;
    // Media often outlives a broken socket, so somebody who is away is shown for as long as there is something.
    const picture = tile.content === "live" || tile.content === "away" ? track : null;
    if (picture !== this.#track) this.#play(picture);
    const own = tile.own ? " (you)" : "";
    const what = tile.source === "screen" ? "’s screen" : tile.source === "kernel" ? ` · ${tile.title || "kernel"}` : own;
    setText(this.name, tile.source === "screen" && tile.own ? "Your screen" : tile.name + what);
    setText(this.avatar, initials(tile.name));
    setText(this.cover, COVER[tile.content] ?? "");
    setAttribute(this.avatar, "data-colour", colourOf(tile.name, COLOURS));
    setAttribute(this.element, "aria-label", tile.name + what);
    setAttribute(this.element, "data-mirrored", tile.mirrored);
    this.mark.hidden = !tile.silent;
    this.hand.hidden = !tile.hand;
    this.filter.hidden = !tile.processed;
    setText(/** @type {Element} */ (this.filter.lastChild), tile.label || "filtered");
    setAttribute(this.filter, "title", `Filtered by ${tile.filteredBy}`);
    this.#linked(tile, link);
    setAttribute(this.video, "data-participant", tile.name);
    setAttribute(this.video, "data-source", tile.source);
    setAttribute(this.video, "data-title", tile.title);
    setAttribute(this.video, "data-processed", tile.processed);
    this.#state();
    this.#fit();
  }

  /** @param {{ staged: boolean, pinned: boolean, talking: boolean }} how */
  stand({ staged, pinned, talking }) {
    setAttribute(this.element, "data-staged", staged);
    setAttribute(this.element, "data-talking", talking);
    setAttribute(this.pin, "data-on", String(pinned));
    const who = this.element.getAttribute("aria-label") ?? "";
    const label = pinned ? `Take ${who} off the stage` : `Put ${who} on the stage`;
    setAttribute(this.pin, "aria-label", label);
    setAttribute(this.pin, "title", label);
  }

  /** Has it compared with the person's own camera; null where there is nothing to compare. @param {MediaStreamTrack | null} original */
  async compare(original) {
    const before = this.#original;
    this.#original = original;
    if (original && !before && !this.#compare) {
      const [{ Compare }] = await Promise.all([comparing.get(), style("comparing.css")]);
      if (!this.#compare) {
        this.#compare = new Compare();
        this.pin.before(this.#compare.element);
      }
    }
    this.#compare?.update(this.#original);
  }

  /** Shows what kernels draw over it. @param {Tile} tile @param {MediaStreamTrack | null} track @param {import("./call.js").Call} call */
  draw(tile, track, call) {
    if (!call.overlays) return;
    if (!this.#overlay) {
      this.#overlay = call.overlays.view(this.video);
      this.video.after(this.#overlay.canvas);
    }
    this.#overlay.follow(tile, track, call);
  }

  /** Goes on after it was moved to another window. */
  resume() {
    if (this.#track) this.video.play().catch(() => {});
  }

  #pin() {
    if (this.#tile) this.onpin(this.#tile.key);
  }

  /** @param {Event} event */
  #click({ target }) {
    if (!/** @type {Element} */ (target).closest("button, a, dl")) this.#pin();
  }

  /** Says where pictures go over a WebSocket, and how long they take. @param {Tile} tile @param {import("./call.js").Call["link"]} link */
  #linked(tile, { way, delay }) {
    const here = way === "websocket" && !tile.local;
    const linked = way === "websocket" || tile.linked;
    setAttribute(this.element, "data-link", linked ? "websocket" : "webrtc");
    setAttribute(this.element, "data-delay", here ? delay : null);
    this.link.hidden = !linked;
    setText(this.link, here && delay !== null ? `WebSocket · ${delay} ms` : "WebSocket");
    const whose = way === "websocket" ? "here" : `at ${tile.name}’s end`;
    setAttribute(this.link, "title", `No direct way for pictures and sound ${whose}: they go through the Jupyter server.`);
  }

  remove() {
    this.#overlay?.close();
    this.#play(null);
    this.element.remove();
  }

  /** @param {MediaStreamTrack | null} track */
  #play(track) {
    this.#track = track;
    this.#showing = false;
    this.video.srcObject = track && new MediaStream([track]);
    if (!track) return;
    const shown = () => {
      if (track !== this.#track) return;
      this.#showing = true;
      this.#state();
    };
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(shown);
    else /** @type {HTMLVideoElement} */ (this.video).addEventListener("timeupdate", shown, { once: true });
    this.video.play().catch(() => {}); // taken out of the page meanwhile; a muted video is never refused
  }

  #state() {
    const content = this.#tile?.content;
    let state = this.#showing ? "live" : "connecting";
    if (content === "off" || content === "held") state = content;
    else if (content === "away") state = "lost";
    setAttribute(this.video, "data-state", state);
    setAttribute(this.element, "data-state", state);
    setAttribute(this.element, "data-content", content);
  }

  /** Cameras fill the tile unless that cuts off most of them; screens and what a kernel made are shown whole. */
  #fit() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const camera = this.#tile?.source === "camera" && !this.#tile.processed;
    const ratio = width / height / this.#aspect;
    const seen = Math.min(ratio, 1 / ratio); // the part of it that is left
    setAttribute(this.video, "data-fit", camera && !(seen < MOST_CUT) ? "cover" : "contain");
  }

  /** The tile has another size. @param {number} aspect */
  resized(aspect) {
    this.#aspect = aspect;
    this.#fit();
  }
}
