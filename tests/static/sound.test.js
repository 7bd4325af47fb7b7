import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { SoundPlayer } from "../../rtc_notebook/static/rtc_notebook/link-player.js";
import { Sound, elsewhere } from "../../rtc_notebook/static/rtc_notebook/sound.js";

const g = /** @type {any} */ (globalThis);
const NAMES = ["AudioContext", "AudioDecoder", "EncodedAudioChunk", "Audio", "MediaStream", "addEventListener"];

/** Runs after a click, as browsers have it. */
class FakeContext {
  static clicked = false;
  /** @type {FakeContext[]} */ static all = [];
  state = "suspended";
  currentTime = 0;
  played = 0;

  constructor() {
    FakeContext.all.push(this);
  }
  async resume() {
    if (FakeContext.clicked) this.become("running");
  }
  async suspend() {
    await turn(); // it goes on for a moment
    this.become("suspended");
  }
  /** @type {(() => void) | null} */ onstatechange = null;
  /** @param {string} state */
  become(state) {
    this.state = state;
    this.onstatechange?.();
  }
  createMediaStreamDestination() {
    return { stream: { getAudioTracks: () => [{ stop() {} }] } };
  }
  createBuffer() {
    return { getChannelData: () => new Float32Array(1) };
  }
  createBufferSource() {
    return { connect() {}, start: () => void (this.played += 1) };
  }
}

/** @type {any} */ let decoder;
/** @type {(() => void)[]} */ let gestures = [];
/** @type {boolean[]} */ let told;
/** @type {Sound} */ let sound;
/** @type {SoundPlayer} */ let player;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeContext.clicked = false;
  g.AudioContext = FakeContext;
  g.AudioDecoder = class {
    constructor(/** @type {any} */ callbacks) {
      decoder = { decodeQueueSize: 0, configure() {}, close() {}, decode: () => callbacks.output({ numberOfFrames: 960, numberOfChannels: 1, sampleRate: 48_000, copyTo() {}, close() {} }) };
      return decoder;
    }
  };
  g.EncodedAudioChunk = class {};
  g.MediaStream = class {
    constructor(/** @type {any[]} */ tracks) {
      this.getTracks = this.getAudioTracks = () => tracks;
    }
  };
  g.Audio = class {
    async play() {} // what an element plays is let out: the context alone is not
  };
  g.addEventListener = (/** @type {string} */ _name, /** @type {() => void} */ work) => void gestures.push(work);
  told = [];
  sound = new Sound(() => void told.push(sound.blocked));
  player = new SoundPlayer(() => {});
});
afterEach(async () => {
  sound.close();
  player.close();
  for (let count = 0; count < 3; count += 1) await turn(); // until it is suspended
  mock.timers.reset();
  for (const name of NAMES) delete g[name];
});

const voices = () => new Map([["ben", { track: player.track, volume: 1 }]]);
const comes = () => player.take({ type: "frame", track: "m", kind: "audio", keyframe: true, timestamp: 0, captured: 0, data: new Uint8Array(1) });
const context = () => FakeContext.all[FakeContext.all.length - 1];

test("sound over the link that the browser holds back is offered as a click, which lets it out", async () => {
  sound.play(voices());
  mock.timers.tick(1_000);
  assert.deepEqual(told, [true]);
  comes();
  assert.equal(context().played, 0, "nothing piles up meanwhile, to come out all at once");
  FakeContext.clicked = true;
  for (const gesture of gestures) gesture();
  sound.unblock();
  await turn();
  assert.deepEqual(told, [true, false]);
  comes();
  assert.equal(context().played, 1);
});

test("any click or key lets it out, too, also when the browser has stopped it in the middle", async () => {
  sound.play(voices());
  FakeContext.clicked = true;
  for (const gesture of gestures) gesture();
  await turn();
  mock.timers.tick(1_000);
  assert.deepEqual(told, [], "before there was a reason to say anything");
  FakeContext.clicked = false;
  context().become("interrupted");
  mock.timers.tick(1_000);
  assert.deepEqual(told, [true]);
  FakeContext.clicked = true;
  for (const gesture of gestures) gesture();
  await turn();
  assert.deepEqual(told, [true, false]);
});

test("with nobody to hear no click is asked for, and one context is enough for all", () => {
  const another = new SoundPlayer(() => {});
  mock.timers.tick(1_000);
  assert.ok(elsewhere.blocked);
  assert.deepEqual([sound.blocked, told], [false, []]);
  sound.play(voices());
  assert.ok(sound.blocked);
  sound.play(new Map());
  assert.ok(!sound.blocked);
  assert.equal(FakeContext.all.length, 1);
  another.close();
  player.close();
  assert.ok(!elsewhere.blocked);
  player = new SoundPlayer(() => {});
});

test("it runs on when whoever used it is followed at once by somebody else", async () => {
  FakeContext.clicked = true;
  for (const gesture of gestures) gesture();
  await turn();
  player.close();
  player = new SoundPlayer(() => {});
  for (let count = 0; count < 3; count += 1) await turn();
  assert.equal(context().state, "running");
  mock.timers.tick(1_000);
  assert.ok(!elsewhere.blocked);
});
