import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Loader } from "../../rtc_notebook/static/rtc_notebook/loader.js";
import { MediaPath } from "../../rtc_notebook/static/rtc_notebook/mediapath.js";
import "../../rtc_notebook/static/rtc_notebook/connection-repairs.js"; // no file is read under a clock that stands still
import "../../rtc_notebook/static/rtc_notebook/watchdog.js";
import { FakeConnection } from "./fakes.js";

/** @type {any[]} */ let sent;
/** @type {string[]} */ let told;
/** @type {MediaPath} */ let path;
let online = true;
const g = /** @type {any} */ (globalThis);

/** Stands for the link: it notes what becomes of it. */
class FakeEnd {
  /** @type {FakeEnd[]} */ static all = [];
  state = "spare";
  link = { delay: 20, open: false, retry: () => void told.push("link retried") };
  publisher = { set: async () => {}, remove: async () => {}, resume: async () => {}, restart: async () => {}, handleAnswer: async () => {} };
  subscriber = { want: (/** @type {string[]} */ tracks) => void sent.push({ type: "subscribe", tracks, link: true }), handleOffer: async () => {} };

  constructor() {
    FakeEnd.all.push(this);
  }
  use() {
    this.state = "used";
  }
  rest() {
    this.state = "spare";
  }
  close() {
    this.state = "closed";
  }
}

/** @param {Partial<import("../../rtc_notebook/static/rtc_notebook/mediapath.js").MediaPathOptions>} [options] */
function make(options = {}) {
  path = new MediaPath({
    media: {}, policy: "auto", url: "ws://server/media", session: "s",
    loader: new Loader(async () => /** @type {any} */ ({ LinkEnd: FakeEnd })),
    send: (message) => void sent.push(message),
    online: () => online,
    onsilent: () => void told.push("silent"),
    onwarning: (id, text) => void (text && told.push(id)),
    ontracks() {}, onchange() {},
    onerror: (error) => {
      throw error;
    },
    ...options,
  });
  return path;
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  g.RTCPeerConnection = FakeConnection;
  for (const name of ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"]) g[name] = class {};
  [FakeConnection.all, FakeEnd.all, sent, told, online] = [[], [], [], [], true];
});
afterEach(() => {
  path.close();
  mock.timers.reset();
});

/** @param {number} milliseconds */
async function pass(milliseconds) {
  for (let gone = 0; gone < milliseconds; gone += 50) {
    mock.timers.tick(50);
    await turn();
  }
}
const types = () => sent.map(({ type }) => type);
const newest = () => FakeConnection.all[FakeConnection.all.length - 1];
/** The SFU offers a picture. @param {number} id */
async function offer(id) {
  path.handle({ type: "offer", id, connectionId: id, sdp: "video", tracks: { 0: "t" } });
  await turn();
  return newest();
}
/** WebRTC finds a way, within 100 ms. */
async function connected(id = 1) {
  path.want(["t"], false);
  const connection = await offer(id);
  connection.gather();
  await pass(100);
  connection.become("connected");
  return connection;
}

test("where WebRTC finds no way within three seconds the link takes over, open by then", async () => {
  make().want(["t"], false);
  (await offer(1)).gather();
  await pass(2_100);
  assert.deepEqual(FakeEnd.all.map(({ state }) => state), ["spare"]);
  assert.equal(path.way, "webrtc");
  await pass(950);
  assert.equal(path.way, "websocket");
  assert.deepEqual(FakeEnd.all.map(({ state }) => state), ["used"]);
  assert.deepEqual(types(), ["subscribe", "offer-answer", "candidate", "restart", "subscribe"]);
  assert.equal(sent[sent.length - 1].link, true);
});

test("what connected in a tenth of a second is given seven tenths the next time, from when an address is there", async () => {
  make();
  await connected();
  const again = await offer(2);
  await pass(300);
  again.gather();
  await pass(600);
  assert.equal(path.way, "webrtc");
  await pass(200);
  assert.equal(path.way, "websocket");
});

test("a connection that is made anew is given half as long where the link is open by then", async () => {
  for (const [open, way] of [[false, "webrtc"], [true, "websocket"]]) {
    make({ known: { worked: true, took: 200, way: "webrtc" } });
    await connected();
    path.known.took = 200;
    (await offer(1)).become("disconnected");
    path.resume(); // opens the link
    await turn();
    FakeEnd.all[FakeEnd.all.length - 1].link.open = /** @type {boolean} */ (open);
    (await offer(2)).gather();
    await pass(900);
    assert.equal(path.way, way);
    path.close();
  }
});

test("a connection that worked since it was made anew is made anew at once, one that did not waits", async () => {
  make();
  let connection = await connected();
  const restarts = () => types().filter((type) => type === "restart").length;
  connection.become("failed");
  assert.equal(restarts(), 1);
  connection = await connected(2);
  connection.become("failed");
  assert.equal(restarts(), 1, "it may be the machine that is slow");
  await pass(3_000);
  assert.equal(restarts(), 2);
  connection = await connected(3);
  await pass(2_600); // in which something comes all the time
  connection.become("failed");
  assert.equal(restarts(), 3);
});

test("what the server failed to publish is published anew on both sides", async () => {
  make();
  await path.set("camera", /** @type {any} */ ({ kind: "video", id: "camera" }), false);
  path.handle({ type: "error", code: "sfu-timeout", message: "", about: "publish", id: 1 });
  await pass(550);
  assert.deepEqual(types(), ["publish", "restart", "publish"]);
  assert.deepEqual(FakeConnection.all.map(({ closed }) => closed), [true, false]);
});

test("a new SFU is given two seconds, for everybody comes to it at once", async () => {
  make();
  await connected();
  path.handle({ type: "restarted", connections: ["publish", "subscribe"] });
  (await offer(2)).gather();
  await pass(1_900);
  assert.equal(path.way, "webrtc");
  await pass(200);
  assert.equal(path.way, "websocket");
});

test("WebRTC that has worked is tried again after a minute, and then ever more seldom", async () => {
  make();
  await connected();
  (await offer(2)).gather();
  await pass(800);
  assert.equal(path.way, "websocket");
  await pass(60_000);
  newest().gather();
  assert.equal(path.way, "webrtc");
  (await offer(3)).gather();
  await pass(800);
  assert.equal(path.way, "websocket");
  const tries = FakeConnection.all.length;
  await pass(100_000);
  assert.equal(FakeConnection.all.length, tries);
});

test("without an address the link carries on, and WebRTC is taken up again as soon as there is one", async () => {
  make();
  await connected();
  await offer(2);
  await pass(600);
  assert.equal(path.way, "websocket");
  await pass(1_000);
  assert.equal(path.way, "websocket");
  newest().gather();
  assert.equal(path.way, "webrtc");
  assert.equal(FakeEnd.all[0].state, "spare", "it is there at once if that leads nowhere");
  await pass(16_000);
  assert.equal(FakeEnd.all[0].state, "closed");
});

test("a browser whose UDP is gone for good stays on the link, and asks for nothing over and over", async () => {
  make();
  await connected();
  await offer(2);
  await pass(60_000);
  assert.equal(path.way, "websocket");
  assert.equal(types().filter((type) => type === "restart").length, 1);
});

test("an address that comes before the link's code counts as well", async () => {
  make({ loader: new Loader(() => new Promise(() => {})) });
  await connected();
  await offer(2);
  await pass(600);
  assert.equal(path.way, "webrtc");
  newest().gather();
  assert.ok(types().includes("restart"));
});

test("where the link is not allowed WebRTC is begun anew once there is an address, not before", async () => {
  make({ policy: "webrtc" });
  await connected();
  await offer(2);
  await pass(3_000);
  const restarts = () => types().filter((type) => type === "restart").length;
  assert.equal(restarts(), 0);
  newest().gather();
  assert.ok(restarts() > 0);
  assert.equal(path.way, "webrtc");
});

test("a failure that comes while the server is not heard from is not forgotten", async () => {
  make();
  const connection = await connected();
  online = false;
  connection.become("failed");
  await pass(1_000);
  assert.ok(told.includes("silent"));
  assert.ok(!types().includes("restart"));
  online = true; // it has answered
  await pass(400);
  assert.deepEqual(sent[sent.length - 1], { type: "restart", connection: "subscribe" });
});

test("a link that was taken in the call is the way in the next place, too", async () => {
  make();
  await connected();
  await offer(2);
  await pass(600);
  const { known } = path;
  path.close();
  make({ known });
  await turn();
  assert.equal(path.way, "websocket");
  path.close();
  assert.equal(make({ known, policy: "webrtc" }).way, "webrtc");
});

test("another network: the link looks after itself, and WebRTC is tried once there is an address", async () => {
  make({ known: { worked: true, took: 100, way: "websocket" } });
  await turn();
  path.retry();
  assert.deepEqual(told, ["link retried"]);
  assert.equal(path.way, "websocket");
  newest().gather();
  assert.equal(path.way, "webrtc");
});

test("connections are silent after the socket was replaced: the link is opened while they are made anew", async () => {
  make();
  const connection = await connected();
  connection.become("disconnected");
  path.resume();
  await turn();
  assert.deepEqual(FakeEnd.all.map(({ state }) => state), ["spare"]);
  assert.equal(path.way, "webrtc");
  assert.ok(types().includes("restart"));
});

test("the link's code is fetched ahead, and again from elsewhere where that failed", async () => {
  /** @type {number[]} */ const asked = [];
  const loader = new Loader(async (failures) => {
    asked.push(failures);
    if (asked.length < 3) throw new Error("no network");
    return /** @type {any} */ ({ LinkEnd: FakeEnd });
  });
  make({ loader });
  await connected();
  assert.deepEqual(asked, [], "not while a call begins");
  await pass(5_100);
  assert.deepEqual(asked, [0]);
  path.use("websocket");
  await pass(4_100);
  assert.deepEqual(asked, [0, 1, 2]);
  assert.equal(path.way, "websocket");
});

test("a browser with nothing of WebCodecs says so, one with a part of it takes the link", async () => {
  for (const name of ["VideoEncoder", "VideoDecoder", "AudioEncoder"]) delete g[name];
  make({ policy: "websocket" });
  await turn();
  assert.deepEqual([path.way, told], ["websocket", []]);
  path.close();
  delete g.AudioDecoder;
  make({ policy: "websocket" });
  assert.deepEqual([path.way, told], ["webrtc", ["no-path"]]);
});

test("that there is no way is not said any longer once there is one", async () => {
  for (const name of ["VideoEncoder", "VideoDecoder", "AudioEncoder", "AudioDecoder"]) delete g[name];
  /** @type {Map<string, string>} */ const said = new Map();
  make({ onwarning: (id, text) => void (text ? said.set(id, text) : said.delete(id)) });
  await offer(1);
  await pass(3_100);
  assert.match(said.get("no-path") ?? "", /no WebCodecs/);
  newest().become("connected");
  assert.equal(said.size, 0);
});

test("connections are watched over: one that falls silent is made anew", async () => {
  make();
  const connection = await connected();
  await pass(8_000);
  assert.deepEqual(types(), ["subscribe", "offer-answer", "candidate"]);
  connection.getStats = async () => new Map([["pair", { type: "candidate-pair", bytesReceived: 1 }]]);
  await pass(3_000);
  assert.deepEqual(told, ["silent"]);
  assert.deepEqual(sent[3], { type: "restart", connection: "subscribe" });
});

test("a picture that stands still while its packets come is let go of, and asked for anew", async () => {
  make();
  const connection = await connected();
  let packets = 0;
  connection.getStats = async () => /** @type {any} */ (new Map([
    ["pair", { type: "candidate-pair", bytesReceived: Date.now() }],
    ["picture", { id: "picture", type: "inbound-rtp", kind: "video", mid: "0", packetsReceived: (packets += 10), framesDecoded: 5 }],
  ]));
  await pass(5_500);
  assert.deepEqual(sent.filter(({ type }) => type === "subscribe").map(({ tracks }) => tracks), [["t"], [], ["t"]]);
});
