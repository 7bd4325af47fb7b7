// Reactions: a row of them to choose from, and each that comes in floats over its sender's tile. Loaded with the first.

import { h, refocus, setText } from "./dom.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./protocol.js").Emoji} Emoji
 */

/** @type {[Emoji, string][]} */
const EMOJIS = [["👍", "Thumbs up"], ["❤️", "Heart"], ["👏", "Applause"], ["😂", "Laughter"], ["😮", "Surprise"], ["🎉", "Party"]];
const SHOWN = 4_000;
const MOST = 24; // at once
const SAID = 1_200; // milliseconds in which several are said as one

export class ReactionsView {
  #count = 0;
  /** @type {Set<string>} */ #unsaid = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #saying;

  /** @param {Call} call @param {() => HTMLElement} stage where the tiles are @param {HTMLElement} button that opens the row */
  constructor(call, stage, button) {
    this.call = call;
    this.stage = stage;
    this.button = button;
    const choices = EMOJIS.map(([emoji, name]) => h(
      "button",
      { type: "button", class: "rtc-react-choice", "aria-label": name, title: name, onclick: () => call.react(emoji) },
      emoji,
    ));
    this.row = h("div", { class: "rtc-react-row", role: "group", "aria-label": "Reactions", hidden: true, onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) }, ...choices);
    this.layer = h("div", { class: "rtc-react-layer", "aria-hidden": "true" });
    this.said = h("div", { class: "rtc-unseen", role: "status", "aria-live": "polite" });
  }

  /** @param {import("./protocol.js").Reaction} reaction */
  show({ by, emoji }) {
    const who = this.call.participants.find(({ id }) => id === by);
    if (!who) return;
    const name = by === this.call.me ? "You" : who.name;
    if (this.layer.childElementCount < MOST) this.#float(who, name, emoji);
    if (by === this.call.me) return;
    this.#unsaid.add(`${name}: ${EMOJIS.find(([one]) => one === emoji)?.[1] ?? ""}`);
    this.#saying ??= setTimeout(() => {
      setText(this.said, [...this.#unsaid].join(", "));
      this.#unsaid.clear();
      this.#saying = undefined;
    }, SAID);
  }

  /** @param {import("./protocol.js").ParticipantInfo} who @param {string} name @param {string} emoji */
  #float(who, name, emoji) {
    const { layer } = this;
    const shown = who.client === "kernel" ? this.call.participants.find(({ widgetOf }) => widgetOf === who.id) ?? who : who;
    const video = [...this.stage().querySelectorAll("video")].find(({ dataset }) => dataset.participant === shown.name && dataset.source === "camera");
    const tile = /** @type {HTMLElement | null} */ (video?.closest(".rtc-tile") ?? null);
    const place = layer.getBoundingClientRect();
    const rect = tile && !tile.hidden ? tile.getBoundingClientRect() : place;
    const drift = ((this.#count++ * 37) % 60) - 30;
    const element = h("div", { class: "rtc-reaction" }, h("span", { class: "rtc-reaction-emoji" }, emoji), h("span", { class: "rtc-reaction-name" }, name));
    element.style.left = `${rect.left - place.left + rect.width / 2 + drift}px`;
    element.style.top = `${rect.top - place.top + rect.height * 0.72}px`;
    layer.append(element);
    setTimeout(() => element.remove(), SHOWN);
  }

  toggle(open = this.row.hidden) {
    if (this.row.hidden === !open) return;
    this.row.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement} */ (this.row.firstElementChild).focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.toggle(false);
    refocus(this.button);
  }
}
