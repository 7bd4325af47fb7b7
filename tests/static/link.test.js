import assert from "node:assert/strict";
import { test } from "node:test";

import { socketUrl, tokenProtocols } from "../../rtc_notebook/static/rtc_notebook/addresses.js";
import { Bitrate, Lateness, Window } from "../../rtc_notebook/static/rtc_notebook/link-window.js";
import { decode, encode, message } from "../../rtc_notebook/static/rtc_notebook/link-wire.js";
import { mediaUrl } from "../../rtc_notebook/static/rtc_notebook/mediapath.js";

// Made by rtc_notebook.link.wire; tests/link/test_wire.py holds the same.
const MESSAGE =
  "40290000000000000000001301010274310000000741d954fc40100000ffee000000040302743100000019043ff80000000000003fd000" +
  "00000000000000010000000000";

const records = [
  { type: "frame", track: "t1", kind: "video", keyframe: true, timestamp: 7, captured: 1_700_000_000.25, data: new Uint8Array([255, 238]) },
  { type: "wanted", track: "t1" },
  { type: "ack", echo: 1.5, held: 0.25, received: 2 ** 40 },
];

const hex = (/** @type {Uint8Array} */ bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

test("messages are the same bytes as in Python", () => {
  const made = message(12.5, records.map((record) => encode(/** @type {any} */ (record))));
  assert.equal(hex(made), MESSAGE);
  const read = decode(made.buffer);
  assert.deepEqual(read, { sent: 12.5, records, media: 23 });
});

test("a message cut short is refused", () => {
  const made = message(0, [encode(/** @type {any} */ (records[0]))]);
  assert.throws(() => decode(made.slice(0, -1).buffer), RangeError);
});

test("the window shrinks while messages wait in buffers, and grows again when they do not", () => {
  const window = new Window();
  let received = 0;
  const step = (/** @type {number} */ trip, /** @type {number} */ now) => {
    while (window.open) window.add(2_000);
    received = window.sent;
    window.acknowledge(received, trip, now);
  };
  step(0.02, 1);
  const before = window.size;
  for (let now = 2; now < 6; now += 1) step(0.4, now);
  const small = window.size;
  assert.ok(small < 0.5 * before);
  for (let now = 6; now < 10; now += 0.5) step(0.03, now);
  assert.ok(window.size > small);
});

test("the bitrate follows what gets through", () => {
  const bitrate = new Bitrate(1_500_000, 2_500_000);
  for (let now = 1; now < 10; now += 1) {
    for (let picture = 0; picture < 30; picture++) bitrate.note(picture % 2 === 0);
    bitrate.update(50_000, now);
  }
  assert.ok(bitrate.value < 450_000 && bitrate.value >= 100_000);
  for (let now = 10; now < 90; now += 1) {
    bitrate.note(true);
    bitrate.update(200_000, now);
  }
  assert.equal(bitrate.value, 2_500_000);
});

test("lateness is what comes on top of the fastest way, whatever the other clock says", () => {
  const lateness = new Lateness();
  for (let count = 0; count < 40; count++) lateness.add(1_000 + count, count + 0.1);
  assert.ok(lateness.value < 0.001);
  for (let count = 40; count < 80; count++) lateness.add(1_000 + count, count + 0.3);
  assert.ok(Math.abs(lateness.value - 0.2) < 0.01);
});

test("the media link's address keeps what is before the room", () => {
  const url = "wss://example.org/user/ana/rtc-notebook/api/rooms/demo/socket";
  assert.equal(mediaUrl(url), "wss://example.org/user/ana/rtc-notebook/api/rooms/demo/media");
});

test("another server's token stands in a subprotocol and in no address", () => {
  assert.equal(socketUrl("https://example.org/user/ana/", "a b"), "wss://example.org/user/ana/rtc-notebook/api/rooms/a%20b/socket");
  const [name, value] = tokenProtocols("gehe/im ?>>üben");
  assert.equal(name, "rtc-notebook.token");
  assert.match(value, /^[\w-]+$/, "what a subprotocol's name may be made of");
  assert.equal(Buffer.from(value, "base64url").toString(), "gehe/im ?>>üben");
});
