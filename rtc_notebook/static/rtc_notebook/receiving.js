// What a call receives: the pictures that are seen here, and everybody's sound, each as loud as it is wanted here.

import { soundsOf, wantedOf } from "./room.js";
import { Seen } from "./seen.js";
import { Sound } from "./sound.js";

export class Receiving {
  /** @type {Map<string, MediaStreamTrack>} track id → what is received */ tracks = new Map();
  /** What views show: no other pictures are received. */
  seen = new Seen(() => this.want());
  /** Whether no pictures are wanted at all. */ soundOnly = false;
  /** @type {Map<string, number>} how loud each one is here, by participant; 1 where nothing is said */ volumes = new Map();
  /** Whether the room's state is this place's. */ told = false;

  /** @param {import("./call.js").Call} call */
  constructor(call) {
    this.call = call;
    this.sound = new Sound(() => call.changed());
  }

  /** @param {Map<string, MediaStreamTrack>} tracks */
  take(tracks) {
    this.tracks = tracks;
    this.hear();
    this.call.changed();
  }

  /** Another place in the room, of which nothing is known yet. */
  begin() {
    this.told = false;
    this.tracks = new Map();
  }

  /** Asks for what is wanted now. */
  want() {
    if (!this.told) return;
    const { participants, me } = this.call;
    this.call.path?.want(wantedOf(participants, me, (key) => !this.soundOnly && this.seen.has(key)), false);
    this.hear();
  }

  /** Plays what is received, as loud as is wanted now. */
  hear() {
    /** @type {Map<string, import("./sound.js").Voice>} */
    const voices = new Map();
    for (const one of this.call.participants) {
      for (const id of soundsOf([one], this.call.me)) {
        const track = this.tracks.get(id);
        if (track) voices.set(id, { track, volume: this.volumes.get(one.id) ?? 1 });
      }
    }
    this.sound.play(voices);
  }

  end() {
    this.tracks = new Map();
    this.sound.close();
  }
}
