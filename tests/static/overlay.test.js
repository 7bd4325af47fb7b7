import assert from "node:assert/strict";
import { test } from "node:test";

import { CaptureClock, Drawings, PATIENCE, pictureIn } from "../../rtc_notebook/static/rtc_notebook/overlay.js";

/** @param {string} label @param {number} captured @param {{ by?: string, seconds?: number }} [more] @returns {import("../../rtc_notebook/static/rtc_notebook/protocol.js").Overlay} */
const overlay = (label, captured, { by = "k", seconds = 1 } = {}) => ({ type: "overlay", by, participant: "p", shapes: [], label, captured, seconds });
/** @param {Drawings} drawings @param {number} now @param {number | null} captured */
const seen = (drawings, now, captured) => drawings.at(now, captured).map(({ label }) => label);

test("the newest drawing that is not ahead of the picture is seen", () => {
  const drawings = new Drawings();
  drawings.add(overlay("a", 100), 0);
  drawings.add(overlay("b", 100.033), 0);
  drawings.add(overlay("c", 100.066), 0);
  assert.deepEqual(seen(drawings, 0, 99.9), [], "its picture is still to come");
  assert.deepEqual(seen(drawings, 0.01, 100.001), ["a"]);
  assert.deepEqual(seen(drawings, 0.02, 100.034), ["b"]);
  assert.deepEqual(seen(drawings, 0.03, 100.036), ["b"], "the same one, until the next one's picture is there");
  assert.deepEqual(seen(drawings, 0.05, 100.055), ["c"], "within half a frame");
  assert.deepEqual(seen(drawings, 0.05, 100.02), ["c"], "never back again");
});

test("a slow detector's drawing stays until its picture is out of date", () => {
  const drawings = new Drawings();
  drawings.add(overlay("a", 100, { seconds: 0.5 }), 0);
  assert.deepEqual(seen(drawings, 0, 100.3), ["a"]);
  assert.deepEqual(seen(drawings, 0.15, 100.45), ["a"]);
  assert.deepEqual(seen(drawings, 0.25, 100.55), []);
  drawings.add(overlay("b", 100.3, { seconds: 0.5 }), 0.3);
  assert.deepEqual(seen(drawings, 0.3, 100.6), ["b"]);
});

test("when the picture stands still a drawing ends with its time", () => {
  const drawings = new Drawings();
  drawings.add(overlay("a", 100, { seconds: 0.5 }), 7);
  assert.deepEqual(seen(drawings, 7.4, 100.1), ["a"]);
  assert.equal(drawings.next(), 7.5);
  assert.deepEqual(seen(drawings, 7.51, 100.1), []);
  assert.equal(drawings.empty, true);
  assert.equal(drawings.next(), Infinity);
});

test("without capture times the newest is seen at once, for its time", () => {
  const drawings = new Drawings();
  drawings.add(overlay("a", 100), 0);
  drawings.add(overlay("b", 100.5), 0);
  assert.deepEqual(seen(drawings, 0, null), ["b"]);
  drawings.add(overlay("c", 0), 0.1);
  assert.deepEqual(seen(drawings, 0.1, 200), ["c"], "made for no picture");
  assert.deepEqual(seen(drawings, 1.2, null), []);
});

test("a clock that is another one keeps no drawing back", () => {
  const drawings = new Drawings();
  drawings.add(overlay("ahead", 5000), 0);
  assert.deepEqual(seen(drawings, 0, 100), ["ahead"]);
  drawings.add(overlay("behind", 10), 0.1);
  assert.deepEqual(seen(drawings, 0.1, 100), ["behind"]);
  drawings.add(overlay("a little ahead", 102), 0.2);
  assert.deepEqual(seen(drawings, 0.2, 100), ["behind"]);
  assert.deepEqual(seen(drawings, 0.2 + PATIENCE + 0.01, 100.5), ["a little ahead"], "no picture is that late");
});

test("each kernel has a drawing of its own, and an empty one wipes", () => {
  const drawings = new Drawings();
  drawings.add(overlay("a", 0, { by: "k1" }), 0);
  drawings.add(overlay("b", 0, { by: "k2", seconds: 5 }), 0);
  assert.deepEqual(seen(drawings, 0.1, null), ["a", "b"]);
  assert.deepEqual(seen(drawings, 2, null), ["b"]);
  drawings.add(overlay("", 0, { by: "k2" }), 2);
  assert.deepEqual(seen(drawings, 2.1, null), [""]);
});

test("what waits is bounded", () => {
  const drawings = new Drawings();
  for (let index = 0; index < 1000; index += 1) drawings.add(overlay(`${index}`, 201 + index / 1000), 0);
  assert.deepEqual(seen(drawings, 0.1, 201.9), [], "the oldest were dropped");
  assert.deepEqual(seen(drawings, 0.1, 201.9165), ["936"]);
});

/** A sender whose clock is 100 s ahead, a way of 40 ms and more, 30 frames a second. @param {CaptureClock} clock @param {number} [rtp] of the first frame */
function stream(clock, rtp = 4_294_900_000) {
  const errors = [];
  for (let frame = 0; frame < 90; frame += 1) {
    const sent = 1000 + frame / 30;
    const way = 0.04 + (frame * 7 % 5) / 100;
    if (frame % 30 === 0) clock.report((sent + 0.04) * 1000 + 500_000, (sent + 100) * 1000 + 500_000);
    const captured = clock.captured({ receiveTime: (sent + way) * 1000, rtpTimestamp: (rtp + frame * 3000) % 2 ** 32 }, 500);
    errors.push(Math.abs(/** @type {number} */ (captured) - (500 + sent + 100)));
  }
  return errors;
}

test("the sender's clock is told from arrivals and reports, whatever jitter and wraps do", () => {
  const errors = stream(new CaptureClock());
  assert.ok(Math.max(...errors.slice(5)) < 0.005, `${Math.max(...errors.slice(5))}`);
});

test("another stream starts afresh, and without reports nothing is claimed", () => {
  const clock = new CaptureClock();
  stream(clock);
  assert.ok(Math.max(...stream(clock, 12_345).slice(5)) < 0.005);
  assert.equal(new CaptureClock().captured({ receiveTime: 5, rtpTimestamp: 7 }, 0), null);
  assert.equal(clock.captured({}, 0), null);
});

test("a picture that fills its tile is cut, one that is shown whole has bars", () => {
  const wide = { width: 1280, height: 720 };
  assert.deepEqual(pictureIn(wide, { width: 400, height: 400 }, "contain"), { x: 0, y: 87.5, width: 400, height: 225 });
  const cut = pictureIn(wide, { width: 360, height: 360 }, "cover");
  assert.deepEqual(cut, { x: -140, y: 0, width: 640, height: 360 });
});
