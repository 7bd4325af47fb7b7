import assert from "node:assert/strict";
import { test } from "node:test";

import { place } from "../../rtc_notebook/static/rtc_notebook/layout.js";

const SIZES = [[300, 260], [320, 568], [640, 400], [1280, 720], [1920, 500]];

for (const [width, height] of SIZES) {
  test(`tiles stay inside ${width} x ${height}, keep 16:9 and do not overlap`, () => {
    for (let count = 1; count <= 20; count++) {
      const rects = place(count, width, height);
      assert.equal(rects.length, count);
      rects.forEach((one, index) => {
        assert.ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && one.y + one.height <= height);
        assert.ok(Math.abs(one.width - (one.height * 16) / 9) < 3);
        for (const other of rects.slice(index + 1)) {
          const beside = other.x >= one.x + one.width || one.x >= other.x + other.width;
          assert.ok(beside || other.y >= one.y + one.height || one.y >= other.y + other.height);
        }
      });
    }
  });
}

test("two tiles stand side by side in a wide cell and one above the other on a phone", () => {
  const wide = place(2, 1280, 500);
  assert.equal(wide[0].y, wide[1].y);
  const phone = place(2, 320, 500);
  assert.equal(phone[0].x, phone[1].x);
});

test("a shared screen takes most of the room", () => {
  const rects = place(4, 1280, 640, 2);
  const area = (/** @type {{ width: number, height: number }} */ { width, height }) => width * height;
  assert.ok(area(rects[2]) > 5 * area(rects[0]));
});
