import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Asks } from "../../rtc_notebook/static/rtc_notebook/asks.js";
import { Call } from "../../rtc_notebook/static/rtc_notebook/call.js";
import { OwnKernel } from "../../rtc_notebook/static/rtc_notebook/ownkernel.js";
import { FakeSocket } from "./fakes.js";

const WELCOME = { type: "welcome", version: 1, serverVersion: "0", participant: "p", session: "s1", resumed: false, room: "demo", media: {} };

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.all = [];
  Object.assign(globalThis, { WebSocket: FakeSocket });
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: new EventTarget() }, configurable: true });
});

function joined() {
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0", secret: "pair", kernel: OwnKernel });
  void call.join({ camera: false, microphone: false });
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  return call;
}

test("a widget goes on by itself when a kernel comes whose worker took long to start", () => {
  const call = joined();
  mock.timers.tick(8_000);
  mock.timers.tick(17_000);
  assert.equal(call.phase, "connected");
  assert.deepEqual(call.notices.map(({ id }) => id), ["no-kernel"]);
  const me = { id: "p", name: "Ana", client: "browser", widgetOf: "k" };
  FakeSocket.last.say({ type: "room", revision: 1, participants: [me, { id: "k", name: "kernel", client: "kernel" }] });
  mock.timers.tick(20_000);
  assert.equal(call.phase, "connected");
  assert.deepEqual(call.notices, []);
  call.leave();
});

test("a camera that was turned on and off before the widget's kernel came stays off", async () => {
  const asked = /** @type {any[]} */ ([]);
  const devices = Object.assign(new EventTarget(), {
    enumerateDevices: async () => [],
    getUserMedia: async (/** @type {any} */ constraints) => {
      asked.push(Object.keys(constraints).filter((kind) => constraints[kind]));
      throw new DOMException("", "NotFoundError");
    },
  });
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: devices }, configurable: true });
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0", secret: "pair", kernel: OwnKernel });
  void call.join({ camera: true, microphone: true });
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  await call.setCamera(false);
  const me = { id: "p", name: "Ana", client: "browser", widgetOf: "k" };
  FakeSocket.last.say({ type: "room", revision: 1, participants: [me, { id: "k", name: "kernel", client: "kernel" }] });
  await new Promise((done) => setImmediate(done));
  call.leave();
  assert.deepEqual(asked, [["audio"]]);
});

test("who is denied at the door is not told that they were in the call, and may ask again", () => {
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0" });
  const knock = () => {
    void call.join({ camera: false, microphone: false });
    FakeSocket.last.accept();
    FakeSocket.last.say({ type: "waiting", room: "demo", message: "A host has to let you in." });
  };
  knock();
  assert.ok(call.atTheDoor);
  FakeSocket.last.say({ type: "bye", code: "denied", message: "A host of this room did not let you in." });
  assert.deepEqual([call.phase, call.denied, call.message], ["ended", true, "A host of this room did not let you in."]);
  knock();
  assert.deepEqual([call.atTheDoor, call.denied], [true, false]);
  FakeSocket.last.say({ type: "bye", code: "ended", message: "A host ended the call for everybody." });
  assert.deepEqual([call.phase, call.denied], ["ended", false]);
});

test("that the server has not taken one's pictures and sound is said until it has", () => {
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0" });
  void call.join({ camera: false, microphone: false });
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.say({ type: "error", code: "sfu-timeout", message: "The SFU did not answer.", about: "publish", id: 1 });
  assert.deepEqual(call.notices.map(({ level, text }) => [level, text]), [["warning", "The server has not taken your pictures and sound yet. Still trying."]]);
  FakeSocket.last.say({ type: "publish-answer", id: 2, sdp: "", tracks: {} });
  assert.deepEqual(call.notices, []);
  call.leave();
});

test("a widget whose kernel does not come ends its part in the call", () => {
  const call = joined();
  mock.timers.tick(8_000);
  mock.timers.tick(22_000);
  assert.equal(call.phase, "ended");
  assert.match(call.message, /kernel that made this call is not in it/);
});

test("a kernel that takes a call over is given as long as the first, and not called gone meanwhile", () => {
  const call = joined();
  const [me, kernel] = [{ id: "p", name: "Ana", client: "browser" }, { id: "k", name: "kernel", client: "kernel" }];
  FakeSocket.last.say({ type: "room", revision: 1, participants: [{ ...me, widgetOf: "k" }, kernel] });
  FakeSocket.last.say({ type: "room", revision: 2, participants: [me] });
  assert.ok(call.kernelGone);
  call.pair("another");
  FakeSocket.last.say({ type: "room", revision: 3, participants: [me] });
  assert.ok(!call.kernelGone, "its worker is just starting");
  mock.timers.tick(31_000);
  assert.ok(call.kernelGone, "it did not come");
  call.leave();
});

test("a widget that a cell takes over while it waits for its kernel waits for the new one as long", () => {
  const call = joined();
  mock.timers.tick(8_000);
  mock.timers.tick(17_000);
  call.pair("another");
  mock.timers.tick(7_000);
  assert.equal(call.phase, "connected");
  mock.timers.tick(1_000);
  mock.timers.tick(22_000);
  assert.equal(call.phase, "ended");
});

test("an address that the browser refuses is said, not waited for", () => {
  const refuse = function () {
    throw new DOMException("An insecure WebSocket connection may not be initiated from a page loaded over HTTPS.", "SecurityError");
  };
  Object.assign(globalThis, { WebSocket: refuse });
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0" });
  void call.join({ camera: false, microphone: false });
  assert.equal(call.phase, "ended");
  assert.match(call.message, /insecure WebSocket/);
});

test("what was asked of a kernel from a place that is lost holds up nothing in the next", () => {
  const call = joined();
  const asks = call.asking(Asks);
  const asked = () => FakeSocket.last.sent.filter(({ type }) => type === "ask-kernel").length;
  asks.choose("k");
  asks.set({ ask: "control", participant: "ben", control: "low", value: 1 });
  FakeSocket.last.close();
  mock.timers.tick(4_000);
  FakeSocket.last.accept();
  FakeSocket.last.say({ ...WELCOME, participant: "q" });
  asks.choose("k"); // the same one, which stayed
  asks.set({ ask: "control", participant: "ben", control: "low", value: 2 });
  assert.deepEqual([asks.busy, asked()], [false, 1]);
  call.leave();
});
