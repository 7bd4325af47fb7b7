import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Publisher } from "../../rtc_notebook/static/rtc_notebook/publisher.js";
import { Subscriber } from "../../rtc_notebook/static/rtc_notebook/subscriber.js";
import { FakeConnection } from "./fakes.js";

/** @type {any[]} */ let sent = [];
let failures = 0;
let refusals = 0;

beforeEach(() => {
  sent = [];
  failures = refusals = 0;
  FakeConnection.all = [];
});

const common = () => ({
  createConnection: () => /** @type {RTCPeerConnection} */ (/** @type {unknown} */ (new FakeConnection())),
  send: (/** @type {any} */ message) => void sent.push(message),
  onfailed: () => void (failures += 1),
  onrefused: () => void (refusals += 1),
  onerror: (/** @type {Error} */ error) => {
    throw error;
  },
});
/** @param {"audio" | "video"} kind @param {string} [id] */
const track = (kind, id = kind) => /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ kind, id }));
const last = () => sent[sent.length - 1];
/** @param {Publisher} publisher @param {Record<string, string>} tracks */
const answer = (publisher, tracks) => publisher.handleAnswer({ type: "publish-answer", id: last().id, sdp: "answer", tracks });

/** @param {number} id */
const refusal = (id, code = "bad-track") => /** @type {const} */ ({ type: "error", code, message: "", about: "publish", id });

test("one offer is out at a time, and the next carries all that came meanwhile", async () => {
  const publisher = new Publisher({ ...common(), maxBitrate: 2_500_000 });
  void publisher.set("microphone", track("audio"));
  await turn();
  void publisher.set("camera", track("video"));
  await publisher.set("screen", track("video"));
  assert.deepEqual(sent.map(({ tracks }) => tracks), [{ 0: { source: "microphone", muted: false } }]);
  await answer(publisher, { 0: "t1" });
  assert.equal(sent.length, 2);
  assert.deepEqual(Object.values(last().tracks).map((one) => /** @type {any} */ (one).source), ["microphone", "camera", "screen"]);
  assert.equal(FakeConnection.all.length, 1);
});

test("a camera that goes off keeps its m-line and its id, and says mute", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await answer(publisher, { 0: "t1" });
  await publisher.set("camera", null, true);
  const [transceiver] = FakeConnection.all[0].transceivers;
  assert.equal(/** @type {unknown} */ (transceiver.sender.track), null);
  assert.deepEqual(last(), { type: "mute", track: "t1", muted: true });
  await publisher.set("camera", track("video", "again"), false);
  assert.equal(/** @type {any} */ (transceiver.sender.track).id, "again");
  assert.deepEqual(last(), { type: "mute", track: "t1", muted: false });
  assert.equal(sent.filter(({ type }) => type === "publish").length, 1);
});

test("a camera is sent smaller where many look at it, a screen never, and large again afterwards", async () => {
  /** @type {import("../../rtc_notebook/static/rtc_notebook/publisher.js").Limits} */
  let limits = { height: 360, maxBitrate: 400_000, maxFramerate: 15 };
  const publisher = new Publisher({ ...common(), maxBitrate: 2_500_000, limits: () => limits });
  const sized = (/** @type {string} */ id) => Object.assign(track("video", id), { getSettings: () => ({ width: 1280, height: 720 }) });
  void publisher.set("camera", sized("camera"));
  void publisher.set("screen", sized("screen"));
  await turn();
  await answer(publisher, { 0: "t1", 1: "t2" });
  const sent = () => FakeConnection.all[0].transceivers.map(({ sender }) => {
    const [{ maxBitrate, scaleResolutionDownBy, maxFramerate }] = /** @type {any[]} */ (sender.parameters.encodings);
    return [maxBitrate, scaleResolutionDownBy, maxFramerate];
  });
  assert.deepEqual(sent(), [[400_000, 2, 15], [2_500_000, 1, undefined]]);
  limits = {};
  await publisher.retune();
  assert.deepEqual(sent()[0], [2_500_000, 1, undefined]);
});

test("a mute before the answer is said as soon as the track has an id", async () => {
  const publisher = new Publisher(common());
  await publisher.set("microphone", track("audio"));
  await publisher.set("microphone", track("audio"), true);
  assert.equal(sent.length, 1);
  await answer(publisher, { 0: "t1" });
  assert.deepEqual(last(), { type: "mute", track: "t1", muted: true });
});

test("an ended screen leaves an idle m-line that the next one takes", async () => {
  const publisher = new Publisher(common());
  await publisher.set("screen", track("video"));
  await answer(publisher, { 0: "t1" });
  await publisher.remove("screen");
  assert.deepEqual(last().tracks, {});
  await answer(publisher, {});
  await publisher.set("screen", track("video", "second"));
  assert.equal(FakeConnection.all[0].transceivers.length, 1);
  assert.deepEqual(last().tracks, { 0: { source: "screen", muted: false } });
});

test("after the socket was replaced an unanswered offer is made again", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await publisher.resume();
  assert.deepEqual(sent.map(({ type, id }) => [type, id]), [["publish", 1], ["publish", 2]]);
  await answer(publisher, { 0: "t1" });
  await publisher.resume();
  assert.deepEqual(last(), { type: "mute", track: "t1", muted: false });
});

test("a restart publishes the same tracks on a fresh connection", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await answer(publisher, { 0: "t1" });
  await publisher.restart();
  assert.deepEqual(FakeConnection.all.map(({ closed }) => closed), [true, false]);
  assert.deepEqual(last().tracks, { 0: { source: "camera", muted: false } });
});

test("a refused offer lets the next one go out", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await publisher.handleRefusal(refusal(last().id));
  await publisher.set("microphone", track("audio"));
  assert.equal(last().id, 2);
});

test("an answer that the browser refuses lets the next offer go out, and so does a candidate", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  const [connection] = FakeConnection.all;
  const { setRemoteDescription } = connection;
  connection.setRemoteDescription = async () => {
    throw new DOMException("no sense", "OperationError");
  };
  await assert.rejects(answer(publisher, { 0: "t1" }));
  Object.assign(connection, { setRemoteDescription, addIceCandidate: () => Promise.reject(new DOMException("what?")) });
  await publisher.set("microphone", track("audio"));
  await publisher.handleCandidate({ candidate: "odd" });
  await answer(publisher, { 0: "t1", 1: "t2" });
  await publisher.set("screen", track("video"));
  assert.equal(Object.keys(last().tracks).length, 3);
});

test("what was published while a refused offer was out is offered then", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await publisher.set("microphone", track("audio"));
  assert.equal(sent.length, 1);
  await publisher.handleRefusal(refusal(1));
  assert.deepEqual(Object.values(last().tracks).map((one) => /** @type {any} */ (one).source), ["camera", "microphone"]);
  await publisher.handleRefusal(refusal(2));
  assert.equal(sent.length, 2, "nothing changed meanwhile");
});

test("an offer that the server failed at is made again, on a fresh connection, ever more patiently, until it is answered", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 1);
  const publisher = new Publisher({ ...common(), onrefused: () => void publisher.restart() });
  const waited = async () => {
    const count = sent.length;
    for (let gone = 0; gone < 10_000; gone += 50) {
      if (sent.length > count) return gone;
      mock.timers.tick(50);
      await turn();
    }
    return null;
  };
  await publisher.set("camera", track("video"));
  const waits = [];
  for (const code of ["sfu-timeout", "internal", "sfu-failed", "internal", "internal"]) {
    await publisher.handleRefusal(refusal(last().id, code));
    await publisher.set("microphone", track("audio")); // goes with the next
    waits.push(await waited());
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 3_000, 3_000]);
  assert.equal(FakeConnection.all.filter(({ closed }) => !closed).length, 1);
  assert.deepEqual(Object.values(last().tracks).map((one) => /** @type {any} */ (one).source), ["camera", "microphone"]);
  await answer(publisher, { 0: "t1", 1: "t2" });
  assert.equal(await waited(), null);
  await publisher.set("screen", track("video"));
  await publisher.handleRefusal(refusal(last().id, "internal"));
  assert.equal(await waited(), 500, "it was well in between");
  mock.timers.reset();
  mock.restoreAll();
});

test("what the server will refuse again is not offered again, nor is anything after leaving or for an older offer", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  await publisher.handleRefusal(refusal(1, "viewers-watch"));
  await publisher.set("microphone", track("audio"));
  await publisher.handleRefusal(refusal(1, "internal"));
  mock.timers.tick(10_000);
  assert.deepEqual([sent.length, refusals], [2, 0]);
  await publisher.handleRefusal(refusal(2, "internal"));
  publisher.close();
  mock.timers.tick(10_000);
  assert.deepEqual([sent.length, refusals], [2, 0]);
  mock.timers.reset();
});

test("candidates go out one by one and those that come early are kept", async () => {
  const publisher = new Publisher(common());
  await publisher.set("camera", track("video"));
  const [connection] = FakeConnection.all;
  await publisher.handleCandidate({ candidate: "early" });
  assert.deepEqual(connection.candidates, []);
  connection.onicecandidate?.({ candidate: { candidate: "host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "u" } });
  connection.onicecandidate?.({ candidate: { candidate: "" } });
  connection.onicecandidate?.({ candidate: null });
  const candidates = sent.filter(({ type }) => type === "candidate").map(({ candidate }) => candidate.candidate);
  assert.deepEqual(candidates, ["host", ""]);
  await publisher.handleAnswer({ type: "publish-answer", id: 1, sdp: "answer", tracks: {} });
  assert.deepEqual(connection.candidates, [{ candidate: "early" }]);
});

function subscriber() {
  /** @type {Map<string, MediaStreamTrack>[]} */
  const shown = [];
  const subscriber = new Subscriber({ ...common(), ontracks: (tracks) => void shown.push(tracks) });
  /** @param {number} id @param {Record<string, string>} tracks */
  const offer = (id, tracks, connectionId = 1, sdp = "video audio video") =>
    subscriber.handleOffer({ type: "offer", id, connectionId, sdp, tracks });
  return { subscriber, shown, offer };
}

test("mids alone say which track is which, and idle ones are nobody's", async () => {
  const { shown, offer } = subscriber();
  await offer(1, { 0: "ta", 1: "ma" });
  const [connection] = FakeConnection.all;
  const tracks = /** @type {Map<string, unknown>} */ (shown[shown.length - 1]);
  assert.deepEqual([...tracks.keys()], ["ta", "ma"]);
  assert.equal(tracks.get("ta"), connection.transceivers[0].receiver.track);
  assert.deepEqual(last(), { type: "offer-answer", id: 1, sdp: "answer" });
});

test("an m-line that changes hands is taken off its former tile before it is negotiated", async () => {
  const { shown, offer } = subscriber();
  await offer(1, { 0: "ta", 2: "tb" });
  await offer(2, { 0: "tc", 2: "tb" });
  assert.deepEqual(shown.map((tracks) => [...tracks.keys()]), [["ta", "tb"], ["tb"], ["tc", "tb"]]);
});

test("another connection id means another connection", async () => {
  const { offer } = subscriber();
  await offer(1, { 0: "ta" });
  await offer(2, { 0: "ta" }, 2);
  assert.deepEqual(FakeConnection.all.map(({ closed }) => closed), [true, false]);
});

test("offers are answered in order", async () => {
  const { offer } = subscriber();
  await Promise.all([offer(1, { 0: "ta" }), offer(2, {}), offer(3, { 0: "tb" })]);
  assert.deepEqual(sent.map(({ id }) => id), [1, 2, 3]);
});

test("an answer that was under way when its connection was closed holds none up, and is not given", async () => {
  const { subscriber: it, offer } = subscriber();
  await offer(1, { 0: "ta" });
  const [connection] = FakeConnection.all;
  let go = () => {};
  connection.setRemoteDescription = () => new Promise((resolve) => (go = resolve)); // a closed connection's stays so
  void offer(2, { 0: "ta", 1: "tb" });
  void offer(3, { 0: "ta", 1: "tc" });
  await turn();
  it.reset();
  await it.handleCandidate({ candidate: "early" });
  await Promise.race([offer(4, { 0: "ta" }, 2), turn()]);
  assert.deepEqual(sent.map(({ id }) => id), [1, 4]);
  go();
  await turn();
  assert.deepEqual(sent.map(({ id }) => id), [1, 4]);
  assert.deepEqual(FakeConnection.all.map(({ candidates }) => candidates), [[], [{ candidate: "early" }]]);
});

test("a connection that fails is told once it has failed, not while it only stutters", async () => {
  const { offer } = subscriber();
  await offer(1, { 0: "ta" });
  const [connection] = FakeConnection.all;
  for (const state of ["disconnected", "failed"]) {
    connection.connectionState = state;
    connection.onconnectionstatechange?.();
  }
  assert.equal(failures, 1);
});
