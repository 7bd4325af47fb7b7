import assert from "node:assert/strict";
import { test } from "node:test";

import { Meter, countsOf, qualityOf } from "../../rtc_notebook/static/rtc_notebook/statistics.js";
import { words } from "../../rtc_notebook/static/rtc_notebook/statisticslist.js";

/** @param {Partial<Record<string, any>>} [more] */
const report = (more = {}) => [
  { id: "P", type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.04 },
  {
    id: "I", type: "inbound-rtp", kind: "video", trackIdentifier: "theirs", bytesReceived: 0, framesDecoded: 0, packetsReceived: 0,
    packetsLost: 0, frameWidth: 1280, frameHeight: 720, jitterBufferDelay: 0, jitterBufferEmittedCount: 0, ...more,
  },
  { id: "S", type: "media-source", kind: "video", trackIdentifier: "mine" },
  { id: "R", type: "remote-inbound-rtp", kind: "video", fractionLost: 0.25, roundTripTime: 0.1 },
  { id: "O", type: "outbound-rtp", kind: "video", mediaSourceId: "S", remoteId: "R", bytesSent: 0, framesEncoded: 0, packetsSent: 0 },
];

test("figures come from the difference of two counts", () => {
  const meter = new Meter();
  assert.equal(meter.update(countsOf(report(), 1_000)).size, 0, "one count says nothing");
  const later = { bytesReceived: 500_000, framesDecoded: 60, packetsReceived: 380, packetsLost: 20, jitterBufferDelay: 1.8, jitterBufferEmittedCount: 60 };
  const figures = meter.update(countsOf(report(later), 3_000));
  const theirs = figures.get("theirs");
  assert.ok(theirs);
  assert.equal(theirs.fps, 30);
  assert.equal(theirs.bitrate, 2_000_000);
  assert.equal(theirs.loss, 0.05);
  assert.ok(Math.abs(/** @type {number} */ (theirs.delay) - 50) < 0.1);
  assert.equal(figures.get("mine")?.loss, 0.25);
  assert.deepEqual(words(theirs), [["Picture", "1280×720"], ["Frames", "30 fps"], ["Bitrate", "2.0 Mbit/s"], ["Loss", "5.0 %"], ["Delay", "50 ms"]]);
});

test("a track that begins anew gives no nonsense", () => {
  const meter = new Meter();
  meter.update(countsOf(report({ bytesReceived: 900_000 }), 1_000));
  assert.equal(meter.update(countsOf(report({ bytesReceived: 1_000 }), 2_000)).has("theirs"), false);
});

test("what is lost or late marks the connection", () => {
  const good = { kind: /** @type {const} */ ("video"), sent: false, fps: 25, bitrate: 1e6, loss: 0, delay: 60 };
  assert.equal(qualityOf(good), "good");
  assert.equal(qualityOf({ ...good, loss: 0.05 }), "fair");
  assert.equal(qualityOf({ ...good, loss: 0.2 }), "poor");
  assert.equal(qualityOf({ ...good, delay: 1_500 }), "poor");
  assert.equal(qualityOf({ ...good, fps: 1 }), "poor");
  assert.equal(qualityOf({ ...good, fps: 0, bitrate: 0 }), "good", "a camera that is off is no bad connection");
});
