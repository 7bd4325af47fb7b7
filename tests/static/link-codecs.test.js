import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { webCodecs } from "../../rtc_notebook/static/rtc_notebook/doctor.js";
import { Codecs } from "../../rtc_notebook/static/rtc_notebook/link-codecs.js";
import { LinkEnd } from "../../rtc_notebook/static/rtc_notebook/link-end.js";
import { PicturePlayer } from "../../rtc_notebook/static/rtc_notebook/link-player.js";
import { FakeSocket } from "./fakes.js";

const g = /** @type {any} */ (globalThis);
const NAMES = ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"];

/** A codec that does what the test says. */
class FakeCodec {
  /** @type {FakeCodec[]} */ static all = [];
  /** @type {string[]} of which the browser says that it is not able to */ static unable = [];
  /** @type {string[]} */ static refusing = [];
  /** @type {string[]} */ static failing = [];
  /** @type {string} */ static called;
  state = "configured";
  decodeQueueSize = 0;
  encodeQueueSize = 0;
  coded = 0;

  /** @param {any} callbacks */
  constructor(callbacks) {
    this.callbacks = callbacks;
    FakeCodec.all.push(this);
  }
  static async isConfigSupported() {
    return { supported: !FakeCodec.unable.includes(this.called) };
  }
  get called() {
    return /** @type {typeof FakeCodec} */ (this.constructor).called;
  }
  configure() {
    if (FakeCodec.refusing.includes(this.called)) throw new Error("VP8 is not supported");
  }
  encode() {
    this.coded += 1;
  }
  decode() {
    this.coded += 1;
    if (FakeCodec.failing.includes(this.called)) this.callbacks.error(new Error("it cannot be decoded"));
    else this.callbacks.output({ ...frame(0), close() {} });
  }
  close() {
    this.state = "closed";
  }
}

/** @type {any[]} */ let sent;
/** @type {string[]} */ let warnings;
/** @type {string[][]} */ let shown;
/** @type {((frame: any) => void)[]} */ let captured;
/** @type {LinkEnd} */ let end;
let keyframes = 0;
let now = 1_000;
const frame = (/** @type {number} */ timestamp) => ({ timestamp, displayWidth: 320, displayHeight: 180, close() {} });
const made = (/** @type {string} */ name) => FakeCodec.all.filter(({ called }) => called === name);

beforeEach(() => {
  for (const name of NAMES) g[name] = class extends FakeCodec { static called = name; };
  [FakeCodec.all, FakeCodec.unable, FakeCodec.refusing, FakeCodec.failing] = [[], [], [], []];
  [sent, warnings, shown, captured, keyframes, now] = [[], [], [], [], 0, 1_000];
  g.MediaStreamTrackProcessor = class {
    readable = { getReader: () => ({ cancel: async () => {}, read: () => new Promise((give) => captured.push((value) => give({ value }))) }) };
  };
  g.MediaStreamTrackGenerator = class {
    writable = { getWriter: () => ({ desiredSize: 1, write: async () => {} }) };
    stop() {}
  };
  g.EncodedVideoChunk = g.EncodedAudioChunk = class {};
  mock.method(performance, "now", () => now);
  mock.method(console, "error", () => {});
});
afterEach(() => {
  end?.close();
  for (const name of [...NAMES, "MediaStreamTrackProcessor", "MediaStreamTrackGenerator", "EncodedVideoChunk", "EncodedAudioChunk"]) delete g[name];
  mock.restoreAll();
});

/** A link that is the way of pictures and sound. */
function using() {
  end = new LinkEnd({
    media: {}, url: "ws://server/media", session: "s", onchange() {},
    send: (message) => void sent.push(message),
    ontracks: (tracks) => void shown.push([...tracks.keys()]),
    onwarning: (_, text) => void warnings.push(text),
    WebSocket: /** @type {any} */ (FakeSocket),
  });
  for (const [name, value] of Object.entries({ ready: true, share: 1_000_000 })) Object.defineProperty(end.link, name, { value });
  end.link.open = true;
  mock.method(end.link, "want", () => void (keyframes += 1));
  mock.method(end.link, "send", () => {});
  end.use();
  return end;
}

async function publishing() {
  const { publisher } = using();
  for (const source of /** @type {const} */ (["camera", "microphone"])) void publisher.set(source, /** @type {any} */ ({ id: source, kind: source === "camera" ? "video" : "audio" }));
  await turn();
  await publisher.handleAnswer({ type: "publish-answer", id: 1, sdp: "", tracks: { camera: "c", microphone: "m" } });
  return publisher;
}

const rest = { captured: 0, data: new Uint8Array(1) };
/** A picture, which is a keyframe where one was asked for. */
function picture() {
  const keyframe = keyframes > answered || !answered;
  answered = keyframes || 1;
  end.subscriber.take({ type: "frame", track: "c", kind: "video", keyframe, timestamp: 0, ...rest });
}
let answered = 0;
/** Three seconds of pictures and sound. */
function listen(count = 90) {
  for (answered = 0; count; count -= 1) {
    now += 33;
    picture();
    end.subscriber.take({ type: "frame", track: "m", kind: "audio", keyframe: false, timestamp: 0, ...rest });
  }
}

test("a browser says what it lacks in a sentence: what it has no class for, and what its classes cannot do", async () => {
  const lacking = async () => {
    const codecs = new Codecs();
    await codecs.asked;
    return codecs.lacking;
  };
  assert.equal(await lacking(), "");
  delete g.AudioEncoder;
  assert.equal(await lacking(), "sends no sound");
  FakeCodec.unable = ["VideoDecoder", "AudioDecoder"];
  assert.equal(await lacking(), "sends no sound and receives no pictures and no sound");
});

test("the doctor says it, of decoders, too", async () => {
  assert.equal((await webCodecs()).verdict, "ok");
  FakeCodec.unable = ["VideoDecoder"];
  const { verdict, text } = await webCodecs();
  assert.equal(verdict, "note");
  assert.match(text, /this browser receives no pictures\. /);
});

test("pictures that a browser says it cannot decode are not asked for, sound goes on, and it is said once", async () => {
  FakeCodec.unable = ["VideoDecoder"];
  using().subscriber.want(["c", "m"]);
  await turn();
  listen();
  assert.deepEqual([made("VideoDecoder").length, keyframes], [0, 0]);
  assert.equal(made("AudioDecoder")[0].coded, 90);
  assert.deepEqual(shown, [["m"]]);
  assert.deepEqual(sent.map(({ tracks }) => tracks), [["c", "m"], ["m"]], "they would take the room of sound");
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /over it this browser receives no pictures\. /);
});

test("what came before the browser had said so is let go of", async () => {
  FakeCodec.unable = ["AudioDecoder"];
  using().subscriber.want(["c", "m"]);
  listen(1);
  assert.deepEqual(shown.at(-1), ["c", "m"]);
  await turn();
  listen(1);
  assert.deepEqual(shown.at(-1), ["c"]);
  assert.deepEqual(sent.at(-1), { type: "subscribe", tracks: ["c"], link: true });
  assert.deepEqual(made("AudioDecoder").map(({ state }) => state), ["closed"]);
});

for (const way of /** @type {const} */ (["refusing", "failing"])) {
  test(`a decoder that is ${way} after all is tried three times, then ever more seldom, while the other kind goes on; it is told once`, async () => {
    FakeCodec[way] = ["VideoDecoder"];
    using().subscriber.want(["c", "m"]);
    await turn();
    listen();
    assert.ok(made("VideoDecoder").length >= 3 && made("VideoDecoder").length <= 4, `${made("VideoDecoder").length} decoders`);
    assert.ok(keyframes <= 4, `${keyframes} keyframes`);
    assert.equal(made("AudioDecoder")[0].coded, 90);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /fails to decode pictures .*: some are not seen\.$/);
    const before = made("VideoDecoder").length;
    listen(1_800); // a minute
    assert.ok(made("VideoDecoder").length - before <= 5);
    FakeCodec[way] = [];
    listen(1_800);
    const [{ frames }] = end.subscriber.counted;
    assert.ok(frames > 0, "it was a bad moment");
    assert.equal(warnings.length, 1);
  });
}

test("sound that cannot be decoded makes no decoder for each packet", async () => {
  FakeCodec.failing = ["AudioDecoder"];
  using().subscriber.want(["c", "m"]);
  await turn();
  listen();
  assert.ok(made("AudioDecoder").length <= 4);
  assert.equal(made("VideoDecoder")[0].coded, 90);
  assert.match(warnings[0], /fails to decode sound .*: some is not heard\.$/);
});

for (const lack of ["has no class", "says that it cannot"]) {
  test(`without an encoder for sound pictures go out, and the microphone is off to others: a browser that ${lack}`, async () => {
    if (lack === "has no class") delete g.AudioEncoder;
    else FakeCodec.unable = ["AudioEncoder"];
    const publisher = await publishing();
    await turn();
    assert.equal(captured.length, 1, "the camera alone is read");
    const muted = new Map([["c", sent[0].tracks.camera.muted], ["m", sent[0].tracks.microphone.muted]]);
    for (const { track, muted: now } of sent.slice(1)) muted.set(track, now);
    assert.deepEqual([...muted], [["c", false], ["m", true]]);
    const count = sent.length;
    await publisher.set("microphone", null, false);
    assert.equal(sent.length, count, "turning it on changes nothing for others");
    assert.deepEqual([made("AudioEncoder").length, warnings.length], [0, 1]);
    assert.match(warnings[0], /this browser sends no sound\. /);
  });
}

test("an encoder that refuses is tried three times, and told once", async () => {
  FakeCodec.refusing = ["VideoEncoder"];
  await publishing();
  for (let count = 0; count < 10; count += 1) {
    now += 50; // pictures a second are limited
    captured.shift()?.(frame(count * 100_000));
    await turn();
    captured.splice(0, captured.length - 1); // the microphone's
  }
  assert.equal(made("VideoEncoder").length, 3);
  assert.deepEqual(warnings, ["This browser fails to encode pictures for the WebSocket (VP8 is not supported): yours are not seen."]);
  assert.deepEqual(sent.at(-1), { type: "mute", track: "c", muted: true });
});

test("a decoder that gives nothing for two seconds is replaced at the next keyframe, which is asked for", () => {
  let wanted = 0;
  const player = new PicturePlayer(() => void (wanted += 1), () => {});
  const take = (/** @type {boolean} */ keyframe) => player.take({ type: "frame", track: "c", kind: "video", keyframe, timestamp: 0, ...rest });
  take(true);
  FakeCodec.all[0].decode = () => {};
  for (let count = 0; count < 25; count += 1) {
    now += 100;
    take(false);
  }
  assert.equal(FakeCodec.all[0].state, "closed");
  assert.ok(wanted > 0 && wanted <= 2, "three pictures came meanwhile");
  take(true);
  assert.equal(FakeCodec.all.length, 2);
});

test("what the server failed to publish is said to it again in a moment, what it refuses is not", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const publisher = await publishing();
  const refuse = async (/** @type {string} */ code, id = sent.at(-1).id) => {
    const count = sent.length;
    await publisher.handleRefusal({ type: "error", code, message: "", about: "publish-link", id });
    mock.timers.tick(3_000);
    await turn();
    return sent.slice(count).map(({ type }) => type);
  };
  void publisher.set("screen", /** @type {any} */ ({ id: "screen", kind: "video" }));
  await turn();
  assert.deepEqual(await refuse("sfu-timeout"), ["publish-link"]);
  assert.deepEqual(await refuse("internal"), ["publish-link"]);
  assert.deepEqual(Object.keys(sent.at(-1).tracks), ["camera", "microphone", "screen"]);
  assert.deepEqual(await refuse("internal", 1), [], "an older one");
  assert.deepEqual(await refuse("too-many-tracks"), []);
  publisher.close();
  assert.deepEqual(await refuse("internal"), []);
  mock.timers.reset();
});
