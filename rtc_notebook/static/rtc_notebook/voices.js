// Listens to everybody, oneself included, to tell who speaks.

import { Listener } from "./listener.js";
import { ActiveSpeaker } from "./speaker.js";

/** @typedef {import("./call.js").Call} Call */

const INTERVAL = 120; // milliseconds

export class Voices {
  /** @type {Map<string, Listener>} by participant */ #listeners = new Map();
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  #active = new ActiveSpeaker();

  /** @param {Call} call @param {() => void} onchange */
  constructor(call, onchange) {
    this.call = call;
    this.onchange = onchange;
  }

  /** The participant who spoke last; null before anybody did, or where the browser plays no sound yet. */
  get speaker() {
    return this.#active.speaker;
  }

  /** The participants who are talking now. */
  get talking() {
    return this.#active.talking;
  }

  /**
   * Who speaks is seen, in the place of the last one that is: changes the tiles' order, and says whether it did.
   * @param {Map<string, import("./room.js").Tile>} tiles @param {string[]} keys @param {(object | null)[]} rects @param {string | null} staged
   */
  bringIn(tiles, keys, rects, staged) {
    const speaks = keys.findIndex((key) => tiles.get(key)?.participant === this.speaker && tiles.get(key)?.source === "camera");
    if (speaks < 0 || rects[speaks]) return false;
    const last = keys.map((key, index) => rects[index] !== null && key !== staged && !tiles.get(key)?.own).lastIndexOf(true);
    if (last < 0) return false;
    [keys[last], keys[speaks]] = [keys[speaks], keys[last]];
    return true;
  }

  /** Listens to who is in the call. */
  update() {
    const { call } = this;
    /** @type {Map<string, MediaStreamTrack>} */
    const tracks = new Map();
    for (const { id, client, tracks: published } of call.participants) {
      if (client !== "browser" || id === call.me) continue;
      const raw = published?.find(({ source, kind, of, muted }) => source === "microphone" && kind === "audio" && !of && !muted);
      const shown = raw?.filter ? raw.filter.track : raw?.id;
      const track = call.received.get(shown ?? "");
      if (track?.readyState === "live") tracks.set(id, track);
    }
    if (call.me && call.speaking && call.local.microphone) tracks.set(call.me, call.local.microphone);
    for (const [id, listener] of this.#listeners) {
      if (tracks.has(id)) continue;
      listener.follow([]);
      this.#listeners.delete(id);
    }
    for (const [id, track] of tracks) {
      const listener = this.#listeners.get(id) ?? new Listener();
      this.#listeners.set(id, listener);
      listener.follow([track]);
    }
    if (tracks.size) this.#timer ??= setInterval(() => this.#listen(), INTERVAL);
    else this.#stop();
  }

  close() {
    for (const listener of this.#listeners.values()) listener.follow([]);
    this.#listeners.clear();
    this.#stop();
  }

  #listen() {
    /** @type {Map<string, number>} */
    const levels = new Map();
    for (const [id, listener] of this.#listeners) levels.set(id, listener.level ?? 0);
    if (this.#active.update(levels, performance.now())) this.onchange();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#active.update(new Map(), performance.now())) this.onchange();
  }
}
