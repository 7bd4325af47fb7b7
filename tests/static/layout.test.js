import assert from "node:assert/strict";
import { test } from "node:test";

import { place } from "../../rtc_notebook/static/rtc_notebook/staged.js";

/** @typedef {import("../../rtc_notebook/static/rtc_notebook/layout.js").Rect} Rect */

const SIZES = [[300, 260], [300, 400], [320, 568], [390, 700], [640, 400], [844, 320], [1280, 720], [1920, 500], [2560, 1300]];

/** @param {Rect} rect */
const area = ({ width, height }) => width * height;

/** @param {Rect[]} rects @param {number} width @param {number} height */
function inside(rects, width, height) {
  rects.forEach((one, index) => {
    assert.ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height, JSON.stringify(one));
    for (const other of rects.slice(index + 1)) {
      const beside = other.x >= one.x + one.width || one.x >= other.x + other.width;
      assert.ok(beside || other.y >= one.y + one.height || one.y >= other.y + other.height);
    }
  });
}

/** @param {(Rect | null)[]} rects */
const there = (rects) => /** @type {Rect[]} */ (rects.filter((rect) => rect !== null));

for (const [width, height] of SIZES) {
  test(`a grid of 1 to 20 stays inside ${width} x ${height} and uses it`, () => {
    for (let count = 1; count <= 20; count++) {
      const { rects, more, hidden } = place(count, width, height);
      assert.equal(rects.length, count);
      assert.equal(rects.filter((rect) => rect === null).length, hidden);
      const shown = [...there(rects), ...(more ? [more] : [])];
      inside(shown, width, height);
      for (const rect of shown) {
        assert.ok(rect.width / rect.height < 1.85 && rect.width / rect.height > 0.72, `${count}: ${JSON.stringify(rect)}`);
        assert.ok(Math.max(rect.width, rect.height) >= 84, `${count}: ${JSON.stringify(rect)}`);
      }
      const used = shown.reduce((sum, rect) => sum + area(rect), 0) / (width * height);
      if (width / height < 3) assert.ok(used > (count === 3 ? 0.44 : 0.48), `${count} tiles use ${used.toFixed(2)}`);
    }
  });

  test(`a strip of 1 to 19 beside the stage stays inside ${width} x ${height}`, () => {
    for (let count = 2; count <= 20; count++) {
      const { rects, more } = place(count, width, height, { focus: count - 1, layout: "strip" });
      inside([...there(rects), ...(more ? [more] : [])], width, height);
      const stage = /** @type {Rect} */ (rects[count - 1]);
      assert.ok(area(stage) > 0.55 * width * height, `${count}: ${JSON.stringify(stage)}`);
      for (const rect of there(rects).slice(0, -1)) assert.ok(area(stage) > 3 * area(rect));
    }
  });
}

test("two tiles stand side by side in a wide cell and one above the other on a phone", () => {
  const [left, right] = there(place(2, 1280, 500).rects);
  assert.equal(left.y, right.y);
  const [above, below] = there(place(2, 320, 500).rects);
  assert.equal(above.x, below.x);
});

test("two on an upright phone fill it", () => {
  const rects = there(place(2, 390, 700).rects);
  assert.ok(area(rects[0]) + area(rects[1]) > 0.9 * 390 * 700);
});

test("the speaker has the whole stage, but for oneself in the corner", () => {
  const { rects, more, hidden } = place(5, 1280, 640, { focus: 2, layout: "speaker", own: 0 });
  const [own, stage] = [/** @type {Rect} */ (rects[0]), /** @type {Rect} */ (rects[2])];
  assert.ok(area(stage) > 0.95 * 1280 * 640);
  assert.ok(own.x + own.width <= stage.x + stage.width && own.y > 400 && own.width >= 150);
  assert.deepEqual([rects[1], rects[3], rects[4]], [null, null, null]);
  assert.equal(hidden, 3, "and how many others there are is said");
  inside([/** @type {Rect} */ (more), own], 1280, 640);
  assert.equal(place(2, 1280, 640, { focus: 1, layout: "speaker", own: 0 }).more, null);
});

test("who is hidden for want of room is counted", () => {
  const { rects, more, hidden } = place(20, 300, 260);
  assert.ok(more && hidden > 0);
  assert.equal(there(rects).length + hidden, 20);
});
