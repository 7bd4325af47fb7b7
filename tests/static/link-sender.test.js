import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { PictureSender, SoundSender } from "../../rtc_notebook/static/rtc_notebook/link-sender.js";

const g = /** @type {any} */ (globalThis);
const NAMES = ["VideoEncoder", "AudioEncoder"];

/** An encoder that writes down what it is asked. */
class FakeEncoder {
  /** @type {FakeEncoder[]} */ static all = [];
  state = "configured";
  encodeQueueSize = 0;
  /** @type {any[]} */ configured = [];
  /** @type {any[]} */ encoded = [];

  /** @param {any} callbacks */
  constructor(callbacks) {
    this.callbacks = callbacks;
    FakeEncoder.all.push(this);
  }
  /** @param {any} configuration */
  configure(configuration) {
    this.configured.push(configuration);
  }
  /** @param {any} _frame @param {any} [options] */
  encode(_frame, options) {
    this.encoded.push(options);
  }
  close() {
    this.state = "closed";
  }
}

/** @type {((value: any) => void)[]} */ let captured;
/** @type {PictureSender} */ let sender;
let now = 10_000;
const way = /** @type {any} */ ({ send: (/** @type {any} */ frame) => void way.sent.push(frame) });

beforeEach(() => {
  for (const name of NAMES) g[name] = FakeEncoder;
  [FakeEncoder.all, captured, now] = [[], [], 10_000];
  Object.assign(way, { open: true, ready: true, share: 1_000_000, pictures: 0, sent: [] });
  g.MediaStreamTrackProcessor = class {
    readable = { getReader: () => ({ cancel: async () => {}, read: () => new Promise((give) => captured.push((value) => give({ value }))) }) };
  };
  mock.method(performance, "now", () => now);
  sender = new PictureSender(way, "c", () => {});
  sender.setTrack(/** @type {any} */ ({ id: "camera", kind: "video" }));
});
afterEach(() => {
  for (const name of [...NAMES, "MediaStreamTrackProcessor"]) delete g[name];
  mock.restoreAll();
});

/** A camera's pictures for so many seconds, thirty a second; returns how many were encoded. @param {number} seconds */
async function film(seconds) {
  const encoded = () => FakeEncoder.all.reduce((sum, one) => sum + one.encoded.length, 0);
  const before = encoded();
  for (let count = 0; count < 30 * seconds; count += 1) {
    now += 1000 / 30;
    captured.shift()?.({ timestamp: 1000 * now, displayWidth: 320, displayHeight: 180, close() {} });
    await turn();
  }
  return encoded() - before;
}

test("a picture that would not get out is not even encoded", async () => {
  await film(1);
  way.ready = false;
  assert.equal(await film(1), 0);
  way.ready = true;
  assert.ok((await film(1)) > 25);
});

test("bits and pictures a second follow what gets through", async () => {
  const many = await film(2);
  const [{ configured }] = FakeEncoder.all;
  const rates = () => configured.map(({ bitrate, framerate }) => [bitrate, framerate]);
  assert.deepEqual(rates(), [[1_000_000, 30]]);
  way.share = 950_000;
  await film(1);
  assert.equal(configured.length, 1, "not for a little");
  way.share = 200_000;
  const fewer = await film(2);
  way.share = 100_000;
  const few = await film(2);
  assert.deepEqual(rates().slice(1), [[200_000, 15], [100_000, 8]]);
  assert.ok(many > 50 && fewer < 45 && fewer > 25 && few < 25 && few > 12, `${many} ${fewer} ${few}`);
});

test("keyframes come when they are wanted, and not one after the other however often they are", async () => {
  const keys = () => FakeEncoder.all[0].encoded.filter(({ keyFrame }) => keyFrame).length;
  await film(1);
  assert.equal(keys(), 1, "the first");
  for (let tenth = 0; tenth < 10; tenth += 1) {
    sender.want();
    await film(0.1);
  }
  assert.ok(keys() >= 3 && keys() <= 5, `${keys()} in a second`);
});

test("what is still being encoded while the device changes was captured at a time that is unknown, not at none", async () => {
  const last = () => way.sent[way.sent.length - 1].captured;
  await film(1);
  sender.setTrack(/** @type {any} */ ({ id: "another", kind: "video" }));
  FakeEncoder.all[0].callbacks.output({ byteLength: 1, timestamp: 0, type: "delta", copyTo() {} });
  assert.equal(last(), 0);

  const speaks = new SoundSender(way, "m", () => {});
  speaks.setTrack(/** @type {any} */ ({ id: "microphone", kind: "audio" }));
  captured[captured.length - 1]({ timestamp: 0, sampleRate: 48_000, numberOfChannels: 1, close() {} });
  await turn();
  speaks.setTrack(null); // muted
  FakeEncoder.all[FakeEncoder.all.length - 1].callbacks.output({ byteLength: 1, timestamp: 0, copyTo() {} });
  assert.equal(last(), 0);
});
