import assert from "node:assert/strict";
import { test } from "node:test";

import { pressAndHold } from "../../rtc_notebook/static/rtc_notebook/pushtotalk.js";
import { SHORTCUTS, shortcutOf } from "../../rtc_notebook/static/rtc_notebook/shortcuts.js";

const key = (/** @type {string} */ name, held = {}) => ({ key: name, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held });

test("keys find their rows, whatever the caps lock says", () => {
  assert.equal(shortcutOf(key("m"))?.description, "Microphone on or off");
  assert.equal(shortcutOf(key("M"))?.description, "Microphone on or off");
  assert.equal(shortcutOf(key("?", { shiftKey: true }))?.description, "This list");
  assert.equal(shortcutOf(key("L", { shiftKey: true }))?.description, "Leave the call");
  assert.equal(shortcutOf(key("m", { ctrlKey: true })), undefined);
  assert.equal(new Set(SHORTCUTS.map((one) => one.key)).size, SHORTCUTS.length);
});

test("the microphone is on for as long as the space bar is held, and only if it was off", async () => {
  /** @type {boolean[]} */ const heard = [];
  const call = { speaking: false, busy: new Set(), setMicrophone: (/** @type {boolean} */ on) => void heard.push((call.speaking = on)) };
  const talk = pressAndHold(call);
  const space = { target: null, repeat: false };
  assert.equal(talk.down(space), true);
  assert.equal(talk.down({ ...space, repeat: true }), true);
  assert.equal(talk.up(), true);
  await Promise.resolve();
  assert.deepEqual(heard, [true, false]);
  call.speaking = true;
  assert.equal(talk.down(space), false);
  assert.equal(talk.up(), false);
  assert.deepEqual(heard, [true, false]);
});
