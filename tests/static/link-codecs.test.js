import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { lacking } from "../../rtc_notebook/static/rtc_notebook/link-codecs.js";
import { LinkPublisher, LinkSubscriber } from "../../rtc_notebook/static/rtc_notebook/link-connections.js";
import { PicturePlayer } from "../../rtc_notebook/static/rtc_notebook/link-player.js";

const g = /** @type {any} */ (globalThis);
const NAMES = ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"];

/** A codec that does what the test says. */
class FakeCodec {
  /** @type {FakeCodec[]} */ static all = [];
  static refuses = false;
  state = "configured";
  decodeQueueSize = 0;
  encodeQueueSize = 0;
  coded = 0;

  /** @param {any} callbacks */
  constructor(callbacks) {
    this.callbacks = callbacks;
    FakeCodec.all.push(this);
  }
  configure() {
    if (FakeCodec.refuses) throw new Error("VP8 is not supported");
  }
  encode() {
    this.coded += 1;
  }
  decode() {
    this.coded += 1;
  }
  close() {
    this.state = "closed";
  }
}

/** @type {any[]} */ let sent;
/** @type {string[]} */ let errors;
/** @type {((frame: any) => void)[]} */ let captured;
const link = /** @type {any} */ ({ open: true, ready: true, share: 1_000_000, pictures: 0, send() {}, want() {} });
const frame = (/** @type {number} */ timestamp) => ({ timestamp, displayWidth: 320, displayHeight: 180, close() {} });

beforeEach(() => {
  for (const name of NAMES) g[name] = FakeCodec;
  [FakeCodec.all, FakeCodec.refuses, sent, errors, captured] = [[], false, [], [], []];
  g.MediaStreamTrackProcessor = class {
    readable = { getReader: () => ({ cancel: async () => {}, read: () => new Promise((give) => captured.push((value) => give({ value }))) }) };
  };
  g.MediaStreamTrackGenerator = class {
    writable = { getWriter: () => ({ desiredSize: 1, write: async () => {} }) };
    stop() {}
  };
  g.EncodedVideoChunk = class {};
});
afterEach(() => {
  for (const name of [...NAMES, "MediaStreamTrackProcessor", "MediaStreamTrackGenerator", "EncodedVideoChunk"]) delete g[name];
  mock.restoreAll();
});

async function publishing() {
  const publisher = new LinkPublisher(link, { send: (message) => void sent.push(message), onerror: ({ message }) => void errors.push(message) });
  for (const source of /** @type {const} */ (["camera", "microphone"])) void publisher.set(source, /** @type {any} */ ({ id: source, kind: source === "camera" ? "video" : "audio" }));
  await turn();
  await publisher.handleAnswer({ type: "publish-answer", id: 1, sdp: "", tracks: { camera: "c", microphone: "m" } });
  return publisher;
}

test("a browser with all four codecs lacks nothing, one without sound says that in a sentence", () => {
  assert.equal(lacking(), "");
  delete g.AudioEncoder;
  assert.match(lacking(), /sends no sound\. /);
  delete g.AudioDecoder;
  assert.match(lacking(), /sends no sound and receives no sound/);
});

test("without an encoder for sound pictures go out, and the microphone is off to others", async () => {
  delete g.AudioEncoder;
  const publisher = await publishing();
  assert.deepEqual([sent[0].tracks.camera.muted, sent[0].tracks.microphone.muted], [false, true]);
  assert.equal(captured.length, 1, "the camera alone is read");
  await publisher.set("microphone", null, false);
  assert.deepEqual(sent.slice(1), [], "turning it on changes nothing for others");
});

test("an encoder that refuses is tried three times, and told once", async () => {
  FakeCodec.refuses = true;
  delete g.AudioEncoder; // the camera alone
  await publishing();
  for (let count = 0; count < 10; count += 1) {
    captured[0]?.(frame(count * 100_000));
    captured.shift();
    await turn();
    await new Promise((later) => setTimeout(later, 30)); // pictures a second are limited
  }
  assert.equal(FakeCodec.all.length, 3);
  assert.deepEqual(errors, ["VP8 is not supported"]);
  assert.deepEqual(sent[sent.length - 1], { type: "mute", track: "c", muted: true });
});

test("what cannot be decoded is left alone, the other kind is shown", () => {
  delete g.AudioDecoder;
  /** @type {string[][]} */ const shown = [];
  const subscriber = new LinkSubscriber(link, (tracks) => void shown.push([...tracks.keys()]));
  subscriber.want(["c", "m"]);
  const rest = { keyframe: true, timestamp: 0, captured: 0, data: new Uint8Array(1) };
  subscriber.take({ type: "frame", track: "m", kind: "audio", ...rest });
  subscriber.take({ type: "frame", track: "c", kind: "video", ...rest });
  assert.deepEqual(shown, [["c"]]);
});

test("a decoder that gives nothing for two seconds is replaced at the next keyframe, which is asked for", () => {
  let now = 1_000;
  mock.method(performance, "now", () => now);
  let wanted = 0;
  const player = new PicturePlayer(() => void (wanted += 1));
  const take = (/** @type {boolean} */ keyframe) => player.take({ type: "frame", track: "c", kind: "video", keyframe, timestamp: 0, captured: 0, data: new Uint8Array(1) });
  take(true);
  FakeCodec.all[0].callbacks.output({ ...frame(0) });
  for (let count = 0; count < 25; count += 1) {
    now += 100;
    take(false);
  }
  assert.equal(FakeCodec.all[0].state, "closed");
  assert.ok(wanted > 0);
  take(true);
  assert.equal(FakeCodec.all.length, 2);
});
