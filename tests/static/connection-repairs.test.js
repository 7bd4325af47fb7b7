import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Repairs } from "../../rtc_notebook/static/rtc_notebook/connection-repairs.js";

/** @type {string[][]} */ let without;
/** @type {Repairs} */ let repairs;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  without = [];
  repairs = new Repairs(() => void without.push([...repairs.without]));
});

test("a track is not asked for, for a moment, and then again", () => {
  repairs.repair(["a"]);
  mock.timers.tick(500);
  assert.deepEqual(without, [["a"], []]);
});

test("what does not help is done ever more seldom", () => {
  /** @type {number[]} */ const times = [];
  for (let second = 0; second < 60; second += 1) {
    const before = without.length;
    repairs.repair(["a"]);
    if (without.length > before) times.push(second);
    mock.timers.tick(1_000);
  }
  assert.deepEqual(times, [0, 4, 12, 28]);
});

test("a second track that stands still meanwhile has its turn afterwards", () => {
  repairs.repair(["a"]);
  repairs.repair(["b"]);
  mock.timers.tick(500);
  repairs.repair(["b"]);
  assert.deepEqual(without, [["a"], [], ["b"]]);
});

test("a track that is not wanted any more is forgotten", () => {
  repairs.repair(["a"]);
  mock.timers.tick(500);
  repairs.keep([]);
  repairs.repair(["a"]);
  assert.equal(without.length, 3);
});
