// Says for a moment what would pass unnoticed while panels are closed: who wants to come in, whose hand went up, what
// was written. Loaded with the first of it. What is gone from here is still under People and Chat.

import * as hosting from "./hosting.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./callview.js").Line} Line
 * @typedef {import("./house.js").News} News
 * @typedef {import("./side.js").Side} Side
 */

/** @type {Record<News["kind"], number>} milliseconds */
const SHOWN = { knock: 60_000, hand: 8_000, chat: 8_000 };
const AGAIN = 2_000; // somebody is about to click
const MOST = 3;
const MOST_LETTERS = 120;

/** What is to be said now. @param {import("./house.js").House} house @param {string} open the panel that says it already @param {number} now @returns {News[]} */
export function timely({ news, waiting, hands, unread, hosts }, open, now) {
  const holds = (/** @type {News} */ { kind, who }) => {
    if (kind === "chat") return unread > 0 && open !== "chat";
    if (open === "people") return false;
    return kind === "hand" ? hands.includes(who) : hosts && waiting.some(({ id }) => id === who);
  };
  return news.filter((one) => now - one.at < SHOWN[one.kind] && holds(one)).slice(-MOST);
}

/** One line of a text. @param {string} text */
export function preview(text) {
  const line = text.replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join("")}…` : line;
}

export class Toasts {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {News[]} */ #shown = [];

  /** @param {Call} call @param {Side} side @param {HTMLElement} place where they are said @param {() => void} onchange */
  constructor(call, side, place, onchange) {
    this.call = call;
    this.side = side;
    this.place = place;
    this.onchange = onchange;
  }

  /** @returns {Line[]} */
  lines() {
    const { house } = this.call;
    const now = Date.now();
    const all = (this.#shown = timely(house, this.side.open, now));
    clearTimeout(this.#timer);
    if (all.length) this.#timer = setTimeout(() => this.#expire(), Math.min(...all.map(({ kind, at }) => at + SHOWN[kind] - now)));
    return all.map((news) => ({ id: `${news.kind} ${news.who}`, level: "news", ...this.#say(news), dismiss: () => this.#forget(news) }));
  }

  close() {
    clearTimeout(this.#timer);
  }

  /** @param {News} news @returns {Pick<Line, "text" | "actions">} */
  #say({ kind, who, name, text = "" }) {
    const { house } = this.call;
    if (kind === "knock") {
      const actions = [{ label: "Admit", act: () => hosting.moderate(house, "admit", who) }, { label: "Deny", act: () => hosting.moderate(house, "remove", who) }];
      return { text: `${name} wants to come in`, actions };
    }
    if (kind === "chat") return { text: `${name}: ${preview(text)}`, actions: [{ label: "Open chat", act: () => this.side.toggle("chat") }] };
    const actions = house.hosts ? [{ label: "Lower", act: () => hosting.lowerHand(house, who) }] : [];
    return { text: `${name} raised a hand`, actions };
  }

  #expire() {
    const busy = this.place.matches(":hover, :focus-within");
    for (const one of busy ? this.#shown : []) one.at = Math.max(one.at, Date.now() - SHOWN[one.kind] + AGAIN);
    this.onchange();
  }

  /** @param {News} news */
  #forget(news) {
    const { house } = this.call;
    house.news = house.news.filter((one) => one !== news);
    this.onchange();
  }
}
