// Notices when two microphones of a call are in one room, which makes an echo: tabs of one browser tell each other;
// for machines beside each other, the microphone is compared with what is played.

import { Listener } from "./listener.js";
import { loader } from "./loader.js";

/** @typedef {"tab" | "room" | ""} Echo */

const correlation = loader("correlation.js", () => import("./correlation.js"));
const CHANNEL = "rtc-notebook:same-room";
const STEP = 100; // ms
const WINDOW = 80; // steps
const FURTHEST = 8; // steps that sound may take through the network and the room
const ALIKE = 0.85;
const EVERY = 10; // steps
const TWICE = 2; // in a row, before it is said

export class SameRoom {
  /** Why this microphone makes an echo; empty if it does not. @type {Echo} */ echo = "";
  /** @type {BroadcastChannel | null} */ #channel = null;
  /** @type {Map<string, { since: number, speaking: boolean }>} */ #tabs = new Map();
  #own = { id: `${Math.random()}`, since: 0, speaking: false, call: "" };
  #microphone = new Listener();
  #others = new Listener();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  /** @type {number[]} */ #heard = [];
  /** @type {number[]} */ #played = [];
  #alike = 0;
  /** @type {typeof import("./correlation.js") | null} */ #correlation = null;
  #quiet = false;

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
  }

  /** @param {{ call: string, microphone: MediaStreamTrack | null, played: MediaStreamTrack[] }} now `microphone` only while it is heard */
  update({ call, microphone, played }) {
    if (!this.#channel) this.#open(call);
    const speaking = !!microphone;
    if (speaking !== this.#own.speaking) {
      this.#own.speaking = speaking;
      this.#say(false);
      this.#decide();
    }
    const listening = microphone && played.length > 0;
    this.#microphone.follow(listening ? [microphone] : []);
    this.#others.follow(listening ? played : []);
    if (listening) this.#timer ??= setInterval(() => this.#listen(), STEP);
    else this.#deafen();
  }

  /** What to say of it. */
  get text() {
    if (this.echo === "tab") return "Another tab of this browser is in this call with its microphone on: everybody hears an echo.";
    return "Your microphone hears what somebody else’s does: you seem to be in one room, which echoes. One microphone is enough.";
  }

  /** Says no more of it in this call. */
  dismiss() {
    this.#quiet = true;
    this.#decide();
  }

  close() {
    this.#quiet = false;
    this.#own.speaking = false;
    this.#say(false);
    this.#channel?.close();
    this.#channel = null;
    this.#tabs.clear();
    this.#microphone.follow([]);
    this.#others.follow([]);
    this.#deafen();
    this.echo = "";
  }

  /** @param {string} call */
  #open(call) {
    this.#channel = new BroadcastChannel(CHANNEL);
    Object.assign(this.#own, { call, since: Date.now() });
    this.#channel.onmessage = ({ data }) => {
      if (data?.call !== this.#own.call) return;
      this.#tabs.set(data.id, data);
      if (data.asks) this.#say(false);
      this.#decide();
    };
    this.#say(true);
  }

  /** @param {boolean} asks */
  #say(asks) {
    this.#channel?.postMessage({ ...this.#own, asks });
  }

  #deafen() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#heard = [];
    this.#played = [];
    this.#alike = 0;
    this.#decide();
  }

  #listen() {
    const [heard, played] = [this.#microphone.level, this.#others.level];
    if (heard === null || played === null) return;
    this.#heard.push(heard);
    this.#played.push(played);
    if (this.#heard.length < WINDOW) return;
    if (!this.#correlation) return void this.#prepare();
    if (this.#correlation.likeness(this.#heard, this.#played, FURTHEST) > ALIKE) this.#alike += 1;
    else this.#alike = Math.max(0, this.#alike - 1);
    this.#heard.splice(0, EVERY);
    this.#played.splice(0, EVERY);
    this.#decide();
  }

  /** There is enough to compare by now. */
  async #prepare() {
    for (const levels of [this.#heard, this.#played]) levels.splice(0, EVERY);
    this.#correlation = await correlation.get().catch(() => null); // the server is away: tried again
  }

  /** Only the one that came last is told: one of the two is enough. */
  #decide() {
    const { speaking, since, id } = this.#own;
    const tab = [...this.#tabs.entries()].some(([other, one]) => one.speaking && (one.since < since || (one.since === since && other < id)));
    const echo = !speaking || this.#quiet ? "" : tab ? "tab" : this.#alike >= TWICE ? "room" : "";
    if (echo === this.echo) return;
    this.echo = echo;
    this.onchange();
  }
}
