import assert from "node:assert/strict";
import { test } from "node:test";

import { Focus } from "../../rtc_notebook/static/rtc_notebook/focus.js";
import { ActiveSpeaker } from "../../rtc_notebook/static/rtc_notebook/speaker.js";
import { Voices } from "../../rtc_notebook/static/rtc_notebook/voices.js";

/** Lets these be so loud for a while. @param {ActiveSpeaker} active @param {Record<string, number>} levels @param {number} from @param {number} milliseconds @returns {number} the time then */
function hear(active, levels, from, milliseconds) {
  for (let now = from; now < from + milliseconds; now += 100) active.update(new Map(Object.entries(levels)), now);
  return from + milliseconds;
}

test("who speaks is the speaker within half a second, and stays it through pauses and silence", () => {
  const active = new ActiveSpeaker();
  let now = hear(active, { ana: 0.1, bo: 0.1 }, 0, 2_000);
  assert.equal(active.speaker, null);
  now = hear(active, { ana: 0.7, bo: 0.1 }, now, 400);
  assert.equal(active.speaker, "ana");
  assert.deepEqual([...active.talking], ["ana"]);
  now = hear(active, { ana: 0.1, bo: 0.1 }, now, 400);
  assert.deepEqual([...active.talking], ["ana"], "a pause between two words");
  now = hear(active, { ana: 0.1, bo: 0.1 }, now, 5_000);
  assert.deepEqual([...active.talking], []);
  assert.equal(active.speaker, "ana");
  hear(active, { ana: 0.1, bo: 0.7 }, now, 600);
  assert.equal(active.speaker, "bo");
});

test("a cough or a click does not take the stage from who speaks", () => {
  const active = new ActiveSpeaker();
  let now = hear(active, { ana: 0.7, bo: 0.1 }, 0, 4_000);
  now = hear(active, { ana: 0.7, bo: 0.95 }, now, 300);
  now = hear(active, { ana: 0.7, bo: 0.1 }, now, 1_000);
  assert.equal(active.speaker, "ana");
  hear(active, { ana: 0.6, bo: 0.9 }, now, 2_000);
  assert.equal(active.speaker, "bo", "somebody much louder, for longer, does");
});

test("two who talk at once do not make the stage flicker", () => {
  const active = new ActiveSpeaker();
  let changes = 0;
  let before = null;
  for (let now = 0; now < 10_000; now += 100) {
    active.update(new Map([["ana", 0.65 + 0.1 * Math.sin(now / 90)], ["bo", 0.65 + 0.1 * Math.cos(now / 70)]]), now);
    if (active.speaker !== before) changes += 1;
    before = active.speaker;
  }
  assert.ok(changes <= 2, `${changes} changes`);
});

test("somebody who leaves is no speaker any more", () => {
  const active = new ActiveSpeaker();
  const now = hear(active, { ana: 0.7, bo: 0.1 }, 0, 1_000);
  hear(active, { bo: 0.1 }, now, 300);
  assert.equal(active.speaker, null);
});

/** @param {string} participant @param {any} [more] */
const tile = (participant, more = {}) => ({ key: `${participant}/${more.source ?? "camera"}`, participant, source: "camera", own: false, content: "live", ...more });

test("the stage is for what is pinned, else the newest shared screen, else who speaks", () => {
  const focus = new Focus();
  const people = [tile("me", { own: true }), tile("ana"), tile("bo")];
  assert.equal(focus.choose(people, "grid", "bo"), null);
  assert.equal(focus.choose(people, "strip", "bo"), "bo/camera");
  assert.equal(focus.choose(people, "speaker", "me"), "ana/camera", "nobody looks at themselves for speaking");
  const shared = [...people, tile("ana", { source: "screen" })];
  assert.equal(focus.choose(shared, "grid", "bo"), "ana/screen");
  const both = [...shared, tile("bo", { source: "screen" })];
  assert.equal(focus.choose(both, "speaker", "ana"), "bo/screen");
  focus.toggle("me/camera");
  assert.equal(focus.choose(both, "grid", null), "me/camera");
  focus.toggle("me/camera");
  assert.equal(focus.choose(both, "grid", null), "bo/screen");
});

test("a shared screen can be taken off the stage, and comes back when it is shared again", () => {
  const focus = new Focus();
  const people = [tile("me", { own: true }), tile("ana")];
  const shared = [...people, tile("ana", { source: "screen" })];
  focus.choose(shared, "grid", null);
  focus.toggle("ana/screen");
  assert.equal(focus.choose(shared, "grid", null), null);
  focus.toggle("ana/screen");
  assert.equal(focus.choose(shared, "grid", null), "ana/screen", "pinned");
  focus.choose(people, "grid", null);
  assert.equal(focus.pinned, null);
  assert.equal(focus.choose(shared, "grid", null), "ana/screen");
});

test("one's own screen does not take one's own stage", () => {
  const tiles = [tile("me", { own: true }), tile("me", { own: true, source: "screen" }), tile("ana")];
  assert.equal(new Focus().choose(/** @type {any} */ (tiles), "grid", null), null);
});

test("who speaks and has no room takes the place of the last one that is neither on the stage nor oneself", () => {
  const tile = (/** @type {string} */ participant) => /** @type {any} */ ({ participant, source: "camera", own: participant === "me" });
  const tiles = new Map(["staged", "ana", "ben", "me", "cy"].map((key) => [key, tile(key)]));
  const place = (/** @type {string} */ speaker, seen = 4) => {
    const voices = Object.defineProperty(new Voices(/** @type {any} */ ({}), () => {}), "speaker", { value: speaker });
    const keys = [...tiles.keys()];
    return [voices.bringIn(tiles, keys, keys.map((_, index) => (index < seen ? {} : null)), "staged"), keys.join(" ")];
  };
  assert.deepEqual(place("cy"), [true, "staged ana cy me ben"]);
  assert.deepEqual(place("ana"), [false, "staged ana ben me cy"], "seen already");
  assert.deepEqual(place("cy", 1), [false, "staged ana ben me cy"], "no other place");
});
