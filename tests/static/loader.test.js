import assert from "node:assert/strict";
import { test } from "node:test";

import { loader } from "../../rtc_notebook/static/rtc_notebook/loader.js";

test("a module that could not be fetched is asked for under another address, once for all who want it", async () => {
  let asked = 0;
  /** @returns {Promise<typeof import("../../rtc_notebook/static/rtc_notebook/layout.js")>} */
  const fails = async () => {
    asked += 1;
    throw new TypeError("Failed to fetch dynamically imported module");
  };
  const layout = loader("layout.js", fails);
  await Promise.all([layout.get(), layout.get()].map((got) => assert.rejects(got)));
  const [one, other] = await Promise.all([layout.get(), layout.get()]);
  assert.equal(typeof one.grid, "function");
  assert.equal(one, other);
  assert.equal(asked, 1);
});
