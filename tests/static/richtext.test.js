import assert from "node:assert/strict";
import { test } from "node:test";

import { pieces } from "../../rtc_notebook/static/rtc_notebook/richtext.js";

/** @param {string} text */
const short = (text) => pieces(text).map(({ kind, text }) => [kind, text]);

test("text stays text, whatever it looks like", () => {
  assert.deepEqual(short("<script>alert(1)</script> & <b>"), [["text", "<script>alert(1)</script> & <b>"]]);
  assert.deepEqual(short(""), []);
});

test("only web addresses become links, without the sentence's own marks", () => {
  assert.deepEqual(short("See (https://example.org/a?b=1#c), or not."), [
    ["text", "See ("], ["link", "https://example.org/a?b=1#c"], ["text", "), or not."],
  ]);
  assert.deepEqual(short("javascript:alert(1) data:text/html,x file:///a"), [["text", "javascript:alert(1) data:text/html,x file:///a"]]);
  assert.deepEqual(short("https://"), [["text", "https://"]]);
});

test("code is what stands between backticks, and nothing in it becomes a link", () => {
  assert.deepEqual(short("`a` b"), [["code", "a"], ["text", " b"]]);
  assert.deepEqual(short("Try\n```python\nprint('https://example.org')\n```"), [
    ["text", "Try\n"], ["block", "print('https://example.org')"],
  ]);
  assert.deepEqual(short("one ` alone"), [["text", "one ` alone"]]);
});
