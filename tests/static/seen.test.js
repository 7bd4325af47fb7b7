import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Seen } from "../../rtc_notebook/static/rtc_notebook/seen.js";

test("what is seen in any view is received, and for a moment what was seen just now", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let changes = 0;
  const seen = new Seen(() => void changes++, 3_000);
  const [one, other] = [{}, {}];
  const has = () => ["a", "b", "c"].filter((key) => seen.has(key));
  seen.look(one, ["a", "b"]);
  assert.deepEqual([has(), changes], [["a", "b"], 1]);
  seen.look(one, ["a", "b"]);
  seen.look(other, ["b"]);
  assert.equal(changes, 1, "nothing new");
  seen.look(one, ["c"]);
  assert.deepEqual([has(), changes], [["a", "b", "c"], 2], "a is kept");
  mock.timers.tick(2_000);
  seen.look(one, ["c", "a"]);
  mock.timers.tick(2_000);
  assert.deepEqual([has(), changes], [["a", "b", "c"], 2], "it came back in time");
  seen.look(other, []);
  seen.look(one, ["d", "e"]);
  mock.timers.tick(3_000);
  assert.deepEqual([has(), changes], [[], 5], "once for d and e, and once for those that left together");
  mock.timers.reset();
});
