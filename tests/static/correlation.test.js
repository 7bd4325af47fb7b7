import assert from "node:assert/strict";
import { test } from "node:test";

import { likeness } from "../../rtc_notebook/static/rtc_notebook/correlation.js";

/** Loudness as of somebody who speaks: syllables and pauses of changing length. @param {number} seed */
function speech(seed, steps = 90) {
  let state = seed;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  /** @type {number[]} */ const levels = [];
  while (levels.length < steps) {
    const loud = random() < 0.6 ? 0.4 + 0.4 * random() : 0.05;
    for (let length = 1 + Math.floor(random() * 5); length > 0; length--) levels.push(loud + 0.05 * random());
  }
  return levels;
}

test("a microphone that hears what is played is found, wherever the delay lies", () => {
  for (const seed of [3, 17, 4242]) {
    const voice = speech(seed);
    const quieter = voice.map((level, index) => 0.6 * level + 0.03 * Math.sin(index));
    for (const lag of [-5, 0, 3, 7]) {
      const [heard, played] = lag < 0 ? [quieter.slice(0, 80), voice.slice(-lag, 80 - lag)] : [quieter.slice(lag, lag + 80), voice.slice(0, 80)];
      assert.ok(likeness(heard, played, 8) > 0.9, `${seed} ${lag}`);
    }
  }
});

test("two people who speak at once are not, nor silence, nor a beep that repeats itself", () => {
  for (let seed = 1; seed < 40; seed++) {
    assert.ok(likeness(speech(seed).slice(0, 80), speech(seed + 1000).slice(0, 80), 8) < 0.7, String(seed));
  }
  assert.equal(likeness(Array(80).fill(0.2), Array(80).fill(0.2), 8), 0);
  const beep = Array.from({ length: 80 }, (_, index) => (index % 10 < 3 ? 0.7 : 0));
  assert.equal(likeness(beep, beep, 8), 0);
});
