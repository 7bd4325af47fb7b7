import assert from "node:assert/strict";
import { test } from "node:test";

import { captureSound } from "../../rtc_notebook/static/rtc_notebook/link-capture.js";
import { Resampler } from "../../rtc_notebook/static/rtc_notebook/resampler.js";

/** @param {number} rate @param {number} count @param {number} [from] */
const tone = (rate, count, from = 0) => Float32Array.from({ length: count }, (_, index) => Math.sin((2 * Math.PI * 440 * (from + index)) / rate));

test("sound at 44.1 kHz is the same sound at 48, without a seam between blocks", () => {
  for (const from of [44_100, 16_000, 96_000]) {
    const resampler = new Resampler(from, 48_000);
    /** @type {number[]} */ const made = [];
    for (let block = 0; block < 40; block++) made.push(...resampler.take(tone(from, 1024, block * 1024)));
    const expected = tone(48_000, made.length);
    assert.ok(Math.abs(made.length - (40 * 1024 * 48_000) / from) < 4);
    const off = Math.max(...made.map((sample, index) => Math.abs(sample - expected[index])));
    assert.ok(off < 0.01, `${from}: off by ${off}`);
  }
});

test("a microphone that can be heard at its own rate alone is, at 48 kHz", () => {
  /** @type {any[]} */ const contexts = [];
  /** @type {any[]} */ const nodes = [];
  class FakeContext {
    /** @param {{ sampleRate?: number }} [options] */
    constructor({ sampleRate = 44_100 } = {}) {
      Object.assign(this, { sampleRate, state: "running", destination: {}, closed: false });
      contexts.push(this);
    }
    createMediaStreamSource() {
      if (/** @type {any} */ (this).sampleRate === 48_000) throw new DOMException("different sample-rate", "NotSupportedError");
      return { context: this, connect: (/** @type {any} */ node) => node, disconnect() {} };
    }
    createScriptProcessor() {
      const node = { connect() {}, disconnect() {}, /** @type {any} */ onaudioprocess: null };
      nodes.push(node);
      return node;
    }
    async resume() {}
    async suspend() {}
    async close() {
      /** @type {any} */ (this).closed = true;
    }
  }
  Object.assign(globalThis, {
    AudioContext: FakeContext,
    MediaStream: class {},
    AudioData: class {
      /** @param {object} init */
      constructor(init) {
        Object.assign(this, init);
      }
    },
  });
  globalThis.addEventListener ??= () => {};
  /** @type {any[]} */ const blocks = [];
  const capture = captureSound(/** @type {any} */ ({ kind: "audio" }), (data) => blocks.push(data));
  for (let block = 0; block < 10; block++) {
    nodes[0].onaudioprocess({ inputBuffer: { sampleRate: 44_100, getChannelData: () => tone(44_100, 1024, block * 1024) } });
  }
  assert.ok(blocks.every(({ sampleRate, numberOfFrames, data }) => sampleRate === 48_000 && numberOfFrames === data.length));
  const seconds = blocks.reduce((sum, { numberOfFrames }) => sum + numberOfFrames, 0) / 48_000;
  assert.ok(Math.abs(seconds - (10 * 1024) / 44_100) < 0.001);
  capture.stop();
  assert.ok(contexts[1].closed);
});
