import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Call } from "../../rtc_notebook/static/rtc_notebook/call.js";
import { FakeSocket } from "./fakes.js";

const WELCOME = { type: "welcome", version: 1, serverVersion: "0", participant: "p", session: "s1", resumed: false, room: "demo", media: {} };

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.all = [];
  Object.assign(globalThis, { WebSocket: FakeSocket });
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: new EventTarget() }, configurable: true });
});

test("a widget waits for a kernel whose worker takes long to start, and says so when none comes", () => {
  const call = new Call({ url: "ws://server/socket", link: "", room: "demo", clientVersion: "0", secret: "pair" });
  void call.join({ camera: false, microphone: false });
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  mock.timers.tick(25_000);
  assert.equal(call.phase, "connected");
  mock.timers.tick(6_000);
  assert.equal(call.phase, "ended");
  assert.match(call.message, /kernel that made this call is not in it/);
});
