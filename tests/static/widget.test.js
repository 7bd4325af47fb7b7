import assert from "node:assert/strict";
import { test } from "node:test";

import widget from "../../rtc_notebook/static/rtc_notebook/widget.js";

test("a widget that is gone leaves nothing behind in the page", () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  globalThis.addEventListener = (/** @type {any[]} */ ...[, , options]) => void signals.push(options?.signal);
  const model = { get() {}, on() {}, off() {}, send() {} };
  for (let run = 0; run < 3; run += 1) widget("0").initialize({ model })();
  assert.deepEqual(signals.map((signal) => signal?.aborted), [true, true, true]);
});
