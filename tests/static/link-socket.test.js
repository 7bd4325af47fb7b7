import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Link } from "../../rtc_notebook/static/rtc_notebook/link.js";
import { message } from "../../rtc_notebook/static/rtc_notebook/link-wire.js";
import { FakeSocket } from "./fakes.js";

/** @type {Link} */ let link;
let opened = 0;
let silences = 0;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(performance, "now", () => Date.now());
  FakeSocket.all = [];
  opened = silences = 0;
  link = new Link({
    url: "ws://server/media", session: "s", startBitrate: 1, maxBitrate: 2, onframe() {}, onwanted() {},
    onopen: () => void (opened += 1),
    onsilent: () => void (silences += 1),
    WebSocket: /** @type {any} */ (FakeSocket),
  });
});
afterEach(() => {
  link.close();
  mock.timers.reset();
  mock.restoreAll();
});

const begin = () => {
  FakeSocket.last.accept();
  FakeSocket.last.say({ type: "open" });
};
/** The server says that it is there. */
const pulse = () => FakeSocket.last.onmessage?.({ data: /** @type {any} */ (message(0, []).buffer) });
/** @param {number} seconds @param {() => void} [each] */
const pass = (seconds, each = () => {}) => {
  for (let half = 0; half < 2 * seconds; half += 1) {
    if (half % 2) each();
    mock.timers.tick(500);
  }
};

test("a link that says something every second stays, though nothing is sent over it", () => {
  begin();
  pass(30, pulse);
  assert.equal(FakeSocket.all.length, 1);
  assert.equal(silences, 0);
  assert.equal(link.open, true);
});

test("one over which nothing comes is replaced after three seconds, and the next begins anew", () => {
  begin();
  pass(2, pulse);
  pass(2);
  assert.equal(FakeSocket.all.length, 1);
  assert.ok(silences > 0, "the other socket may be as dead, and is asked");
  pass(1.5);
  assert.equal(FakeSocket.all.length, 2);
  begin();
  assert.equal(opened, 2);
});

test("a socket that does not open is given up after three seconds", () => {
  pass(5);
  assert.equal(FakeSocket.all.length, 2);
});

test("on another network a dead socket is replaced at once, a living one and a young handshake are not", () => {
  link.retry();
  assert.equal(FakeSocket.all.length, 1, "its handshake is young");
  begin();
  pass(1, pulse);
  link.retry();
  assert.equal(FakeSocket.all.length, 1, "it was heard from");
  pass(2);
  link.retry();
  mock.timers.tick(1);
  assert.equal(FakeSocket.all.length, 2);
});

test("a page that slept does not blame its link", () => {
  begin();
  mock.timers.setTime(Date.now() + 60_000);
  mock.timers.tick(500);
  pulse();
  pass(2, pulse);
  assert.equal(FakeSocket.all.length, 1);
});
