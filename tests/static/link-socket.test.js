import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Link } from "../../rtc_notebook/static/rtc_notebook/link.js";
import { decode, encode, message } from "../../rtc_notebook/static/rtc_notebook/link-wire.js";
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
    url: "ws://server/media", session: "s", startBitrate: 1_000_000, maxBitrate: 2_000_000, onframe() {}, onwanted() {},
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

/** @param {"video" | "audio"} kind @param {number} [size] @returns {import("../../rtc_notebook/static/rtc_notebook/link-wire.js").Frame} */
const frame = (kind, size = 1_000) => ({ type: "frame", track: "t", kind, keyframe: true, timestamp: 0, captured: 0, data: new Uint8Array(size) });
/** What the server says, as it comes. @param {...import("../../rtc_notebook/static/rtc_notebook/link-wire.js").LinkRecord} records */
const hear = (...records) => FakeSocket.last.onmessage?.({ data: /** @type {any} */ (message(performance.now() / 1000, records.map(encode)).buffer) });
/** The server acknowledges what was sent, which took this long. @param {number} [trip] @param {number} [received] */
const acknowledge = (trip = 0.02, received = link.window.sent) => hear({ type: "ack", echo: performance.now() / 1000 - trip, held: 0, received });
/** What went out last. */
const said = () => FakeSocket.last.sent.slice(1).flatMap((data) => decode(data.buffer).records);
const kinds = () => said().map((record) => (record.type === "frame" ? record.kind : record.type));

test("a picture is worth encoding while the window has room, by what was acknowledged, and never before the link opens", () => {
  assert.equal(link.ready, false);
  begin();
  assert.equal(link.ready, true);
  for (let count = 0; count < 1_000 && link.ready; count += 1) link.send(frame("video"));
  assert.equal(link.ready, false, "as much is on its way as may be");
  acknowledge();
  assert.equal(link.ready, true);
  link.send(frame("video", link.window.size));
  pass(3.5); // nothing comes: another socket
  begin();
  assert.equal(link.ready, true, "what was on its way in the last one is none of this one's");
});

test("nor while the browser itself has not got rid of what was sent before", () => {
  begin();
  FakeSocket.last.bufferedAmount = 100_000;
  assert.equal(link.ready, false);
  FakeSocket.last.bufferedAmount = 10_000;
  assert.equal(link.ready, true);
});

test("sound goes out after pictures have to wait, and what would come far too late does not", () => {
  begin();
  link.send(frame("video", link.window.size));
  assert.equal(link.ready, false);
  link.send(frame("audio"));
  assert.deepEqual(kinds(), ["video", "audio"], "twice as much may be on its way with sound");
  link.send(frame("audio", link.window.size));
  link.send(frame("audio"));
  assert.equal(kinds().length, 3);
  link.send(frame("video"));
  assert.equal(kinds().pop(), "video", "a picture that is encoded already goes out: those after it refer to it");
  acknowledge();
  FakeSocket.last.bufferedAmount = 200_000;
  link.send(frame("audio"));
  assert.equal(kinds().length, 4);
  FakeSocket.last.bufferedAmount = 100_000;
  link.send(frame("audio"));
  assert.equal(kinds().length, 5);
});

test("pictures take less where some do not get out, as much as is acknowledged, and share it", () => {
  begin();
  assert.equal(link.share, 1_000_000);
  link.pictures = 2;
  assert.equal(link.share, 500_000);
  link.send(frame("video", link.window.size));
  for (let tenth = 1; tenth <= 20; tenth += 1) {
    if (link.ready) link.send(frame("video", 5_000));
    mock.timers.tick(100);
    if (tenth % 5 === 0) acknowledge(0.02, link.window.acked + 5_000);
    void link.share;
  }
  assert.ok(2 * link.share < 8 * 20_000, `${2 * link.share} bits a second where ${link.window.rate} bytes get through`);
  const least = link.share;
  acknowledge();
  for (let tenth = 0; tenth < 100; tenth += 1) {
    assert.equal(link.ready, true);
    link.send(frame("video", 100));
    acknowledge();
    mock.timers.tick(100);
    void link.share;
  }
  assert.ok(link.share > 1.5 * least);
});

test("what came is acknowledged at once the first time, then once in 40 ms, with all its bytes and how long it waited", () => {
  begin();
  const acks = () => said().filter((record) => record.type === "ack");
  hear({ type: "wanted", track: "t" });
  mock.timers.tick(100);
  assert.deepEqual(acks(), [], "that is no media");
  const sent = performance.now() / 1000;
  hear(frame("video"));
  const [first] = acks();
  assert.deepEqual(first, { type: "ack", echo: sent, held: 0, received: encode(frame("video")).length });
  hear(frame("video"), frame("audio"));
  mock.timers.tick(10);
  assert.equal(acks().length, 1);
  mock.timers.tick(40);
  const [, second] = acks();
  assert.equal(second.received, first.received + encode(frame("video")).length + encode(frame("audio")).length);
  assert.ok(second.held >= 0.03);
});
