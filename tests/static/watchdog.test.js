import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { EVERY, Watchdog } from "../../rtc_notebook/static/rtc_notebook/watchdog.js";

/** A connection whose counters the test moves. */
class Counting {
  connectionState = "connected";
  bytes = 0;
  /** @type {Record<string, { packetsReceived: number, framesDecoded: number }>} */ videos = {};
  /** @type {Record<string, { timestamp: number, packetsSent: number }>} */ reports = {};

  async getStats() {
    const pictures = Object.entries(this.videos).map(([mid, counts]) => [`v${mid}`, { id: `v${mid}`, type: "inbound-rtp", kind: "video", mid, ...counts }]);
    const reports = Object.entries(this.reports).map(([mid, said]) => [`r${mid}`, { type: "remote-outbound-rtp", localId: `v${mid}`, ...said }]);
    return new Map(/** @type {any} */ ([["pair", { type: "candidate-pair", bytesReceived: this.bytes }], ...pictures, ...reports]));
  }
}

/** @type {Counting} */ let publish;
/** @type {Counting} */ let subscribe;
/** @type {string[]} */ let told;
/** @type {string[]} */ let flowing;
/** @type {Watchdog} */ let watchdog;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["Date", "setInterval"] });
  [publish, subscribe, told, flowing] = [new Counting(), new Counting(), [], []];
  watchdog = new Watchdog({
    connection: (name) => /** @type {any} */ (name === "publish" ? publish : subscribe),
    onquiet: () => told.push("quiet"),
    onsilent: (name) => told.push(`${name} silent`),
    onstuck: (mids) => told.push(`stuck ${mids}`),
    flowing: () => flowing,
  });
});

/** @param {number} looks @param {() => void} [meanwhile] */
async function pass(looks, meanwhile = () => {}) {
  for (let count = 0; count < looks; count += 1) {
    meanwhile();
    mock.timers.setTime(Date.now() + EVERY);
    await watchdog.look();
  }
}
const comes = () => {
  publish.bytes += 100;
  subscribe.bytes += 100;
};

test("a connection that speaks is left alone, also with a gap now and then", async () => {
  await pass(10, comes);
  await pass(1);
  await pass(10, comes);
  assert.deepEqual(told, []);
});

test("a lively connection that falls silent is asked about after a second, and told after two", async () => {
  await pass(6, comes);
  await pass(2, () => void (publish.bytes += 100));
  assert.deepEqual(told, ["quiet"]);
  assert.equal(watchdog.quiet(/** @type {any} */ (subscribe)), true);
  await pass(2, () => void (publish.bytes += 100));
  assert.deepEqual(told, ["quiet", "subscribe silent"]);
});

test("a candidate pair that the browser counts no more is no sign of life", async () => {
  await pass(6, comes);
  await pass(1, () => void (publish.bytes += 100));
  await pass(1, () => {
    publish.bytes += 100;
    subscribe.bytes -= 2;
  });
  assert.deepEqual(told, ["quiet"]);
  await pass(2, () => void (publish.bytes += 100));
  assert.deepEqual(told, ["quiet", "subscribe silent"]);
});

test("one that never said much is waited for longer", async () => {
  await pass(2, comes);
  await pass(6, () => void (subscribe.bytes += 100));
  assert.deepEqual(told, ["quiet"]);
  await pass(1, () => void (subscribe.bytes += 100));
  assert.deepEqual(told, ["quiet", "publish silent"]);
});

test("a page that slept blames nobody", async () => {
  await pass(6, comes);
  await pass(1);
  mock.timers.setTime(Date.now() + 20_000);
  await watchdog.look();
  await pass(1);
  assert.deepEqual(told, []);
});

test("a connection that is only being made is not watched", async () => {
  publish.connectionState = "connecting";
  subscribe.connectionState = "failed";
  await pass(20);
  assert.deepEqual(told, []);
});

test("packets without pictures are told, once each time", async () => {
  subscribe.videos = { 0: { packetsReceived: 1, framesDecoded: 1 }, 1: { packetsReceived: 1, framesDecoded: 1 } };
  await pass(8, () => {
    comes();
    for (const video of Object.values(subscribe.videos)) video.packetsReceived += 10;
    subscribe.videos[1].framesDecoded += 8;
  });
  assert.deepEqual(told, ["stuck 0"]);
});

test("a picture whose packets alone stay away is told where it has no reason to", async () => {
  subscribe.videos = { 0: { packetsReceived: 9, framesDecoded: 9 }, 1: { packetsReceived: 9, framesDecoded: 9 } };
  flowing = ["1"];
  await pass(10, comes);
  assert.deepEqual(told, ["stuck 1"]);
});

test("a picture of which the SFU reports that it sends none is waited for, until the reports stay away or count packets", async () => {
  subscribe.videos = { 0: { packetsReceived: 9, framesDecoded: 9 }, 1: { packetsReceived: 9, framesDecoded: 9 } };
  flowing = ["0", "1"];
  await pass(30, () => {
    comes();
    for (const mid of [0, 1]) subscribe.reports[mid] = { timestamp: Date.now(), packetsSent: 9 };
  });
  assert.deepEqual(told, []);
  await pass(9, () => {
    comes();
    const { packetsSent } = subscribe.reports[1];
    subscribe.reports[1] = { timestamp: Date.now(), packetsSent: packetsSent + 20 };
  });
  assert.deepEqual(told, ["stuck 0,1"]);
});
