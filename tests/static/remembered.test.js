import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { recall, remember, remembers } from "../../rtc_notebook/static/rtc_notebook/remembered.js";

const PLACE = { session: "s1", camera: true, microphone: false };
/** @type {Map<string, string>} */ let stored;
let entered = "reload";

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date"] });
  stored = new Map();
  entered = "reload";
  /** @type {any} */ (globalThis).sessionStorage = {
    getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ text) => void stored.set(key, text),
    removeItem: (/** @type {string} */ key) => void stored.delete(key),
  };
  mock.method(performance, "getEntriesByType", () => [{ type: entered }]);
});

test("a page that is loaded again has its place, once", () => {
  remember("ws://room ", PLACE);
  assert.equal(remembers("ws://room"), true);
  assert.equal(remembers("ws://other"), false);
  assert.deepEqual(recall("ws://room "), { ...PLACE, at: Date.now() });
  assert.equal(recall("ws://room "), null, "a copy of the tab has it not");
});

test("who comes by a link is not who was here before, and no place is left for the next", () => {
  remember("k", PLACE);
  entered = "navigate";
  assert.equal(recall("k"), null);
  entered = "reload";
  assert.equal(recall("k"), null);
});

test("a place of long ago is none", () => {
  remember("k ", PLACE);
  mock.timers.setTime(Date.now() + 61_000);
  assert.equal(remembers("k"), false, "a camera that was off would be opened without a look in the mirror");
  assert.equal(recall("k "), null);
});

test("what was spoilt, or cannot be stored, is nothing", () => {
  stored.set("rtc-notebook:place:k", "{");
  assert.equal(recall("k"), null);
  /** @type {any} */ (globalThis).sessionStorage = undefined;
  remember("k", PLACE);
  assert.equal(remembers("k"), false);
  assert.equal(recall("k"), null);
});
