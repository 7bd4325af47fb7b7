import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Signaling, WELCOME_TIMEOUT, backoff } from "../../rtc_notebook/static/rtc_notebook/signaling.js";
import { FakeSocket } from "./fakes.js";

const WELCOME = { type: "welcome", version: 1, serverVersion: "0", participant: "p", session: "s1", resumed: false, room: "demo", media: {} };
const WAITING = { type: "waiting", room: "demo", message: "A host lets you in." };

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.all = [];
});

function start() {
  /** @type {any[]} */
  const heard = [];
  /** @type {string[]} */
  const states = [];
  const signaling = new Signaling({
    url: "ws://server/socket",
    clientVersion: "0.1",
    name: "Ana",
    secret: "call",
    WebSocket: /** @type {any} */ (FakeSocket),
    random: () => 1,
    onmessage: (message) => heard.push(message),
    onstate: (state) => states.push(state),
  });
  signaling.open();
  return { signaling, heard, states };
}

test("says hello first, and nothing of what is said before the welcome", () => {
  const { signaling, heard } = start();
  signaling.send({ type: "subscribe", tracks: [] });
  FakeSocket.last.accept();
  const hello = { type: "hello", version: 1, client: "browser", clientVersion: "0.1", name: "Ana", call: "call" };
  assert.deepEqual(FakeSocket.last.sent, [hello]);
  FakeSocket.last.say(WELCOME);
  assert.equal(heard[0].type, "welcome");
  assert.equal(FakeSocket.last.sent.length, 1);
});

test("comes back with its session and says then what was said meanwhile", () => {
  const { signaling, states } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.close();
  assert.equal(signaling.state, "reconnecting");
  signaling.send({ type: "mute", track: "t", muted: true });
  mock.timers.tick(backoff(1, () => 1));
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.accept();
  assert.equal(FakeSocket.last.sent[0].session, "s1");
  FakeSocket.last.say({ ...WELCOME, resumed: true });
  assert.deepEqual(FakeSocket.last.sent[1], { type: "mute", track: "t", muted: true });
  assert.deepEqual(states, ["connected", "reconnecting", "connected"]);
});

test("what was meant for a lost place is not said in a new one", () => {
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.close();
  signaling.send({ type: "mute", track: "t", muted: true });
  signaling.retry();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  assert.equal(FakeSocket.last.sent.length, 1);
});

test("says again what was not heard on the lost socket, and nothing twice", () => {
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.say({ type: "chat", lines: [] });
  for (const text of ["one", "two", "three"]) signaling.send({ type: "send-chat", text });
  FakeSocket.last.say({ type: "heard", count: 1 });
  FakeSocket.last.close();
  signaling.send({ type: "send-chat", text: "four" });
  mock.timers.tick(backoff(1, () => 1));
  FakeSocket.last.accept();
  assert.equal(FakeSocket.last.sent[0].heard, 1);
  FakeSocket.last.say({ ...WELCOME, resumed: true, heard: 2 });
  assert.deepEqual(FakeSocket.last.sent.slice(1).map(({ text }) => text), ["three", "four"]);
});

test("a place that is begun anew hears what was written, and nothing else of before", () => {
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.close();
  signaling.send({ type: "mute", track: "t", muted: true });
  signaling.send({ type: "send-chat", text: "hello" });
  signaling.retry();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  assert.deepEqual(FakeSocket.last.sent.slice(1), [{ type: "send-chat", text: "hello" }]);
});

test("a socket over which nothing comes back is given up", () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  for (let second = 0; second < 4; second += 1) mock.timers.tick(1000);
  FakeSocket.last.say({ type: "heard", count: 0 });
  for (let second = 0; second < 10; second += 1) mock.timers.tick(1000);
  assert.equal(FakeSocket.all.length, 2);
});

test("another network: a try that has just begun is left in peace for a second, and what failed before is forgotten", () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  for (let failure = 0; failure < 6; failure += 1) {
    FakeSocket.last.close();
    mock.timers.tick(3_000);
  }
  FakeSocket.last.close();
  const before = FakeSocket.all.length;
  signaling.retry();
  assert.equal(FakeSocket.all.length, before + 1, "at once");
  mock.timers.tick(400);
  signaling.retry();
  assert.equal(FakeSocket.all.length, before + 1, "its handshake is young");
  mock.timers.tick(700);
  assert.equal(FakeSocket.all.length, before + 1, "until its time is up");
  signaling.retry();
  assert.equal(FakeSocket.all.length, before + 2, "or another network comes");
  FakeSocket.last.close();
  mock.timers.tick(backoff(1, () => 1));
  assert.equal(FakeSocket.all.length, before + 3, "soon, for it is the first that failed in this network");
});

test("a server that stops may come back", () => {
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.say({ type: "bye", code: "server-stopped", message: "…" });
  assert.equal(signaling.state, "reconnecting");
  mock.timers.tick(3000);
  assert.equal(FakeSocket.all.length, 2);
});

test("a server that stops may come back to those at the door, too", () => {
  const { signaling, heard } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WAITING);
  FakeSocket.last.say({ type: "bye", code: "server-stopped", message: "…" });
  assert.deepEqual([signaling.state, heard.map(({ type }) => type)], ["connecting", ["waiting"]]);
  mock.timers.tick(3000);
  assert.equal(FakeSocket.all.length, 2);
});

test("at the door a socket over which nothing comes is given up, and one that leads somewhere kept for as long as it takes", () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  start();
  const socket = FakeSocket.last;
  socket.accept();
  socket.say(WAITING);
  for (let second = 0; second < 60; second += 1) {
    mock.timers.tick(1000);
    socket.say({ type: "heard", count: 0 });
  }
  assert.equal(FakeSocket.all.length, 1);
  for (let second = 0; second < 10; second += 1) mock.timers.tick(1000);
  assert.equal(FakeSocket.all.length, 2);
});

test("another network at the door: the socket is replaced unless an answer comes", () => {
  const { signaling } = start();
  const socket = FakeSocket.last;
  socket.accept();
  socket.say(WAITING);
  signaling.retry();
  assert.deepEqual(socket.sent.at(-1), { type: "heard", count: 0 });
  socket.say({ type: "heard", count: 0 });
  mock.timers.tick(1000);
  assert.equal(FakeSocket.all.length, 1, "it still leads somewhere");
  signaling.retry();
  mock.timers.tick(1000);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  assert.equal(signaling.state, "connected");
});

test("waits longer each time, never long, and at random", () => {
  const waits = [1, 2, 3, 4, 5, 6, 20].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(waits, [500, 1000, 2000, 3000, 3000, 3000, 3000]);
  assert.equal(backoff(1, () => 0), 250);
});

test("a server that does not answer hello is given up for another try", () => {
  start();
  FakeSocket.last.accept();
  mock.timers.tick(WELCOME_TIMEOUT);
  assert.equal(FakeSocket.all.length, 1);
  mock.timers.tick(backoff(1, () => 1));
  assert.equal(FakeSocket.all.length, 2);
});

test("bye is for good", () => {
  const { signaling, heard } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say({ type: "bye", code: "version-mismatch", message: "Upgrade." });
  assert.equal(signaling.state, "closed");
  assert.equal(heard[0].message, "Upgrade.");
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("leaving says so, and stays away", () => {
  const { signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  signaling.close();
  assert.deepEqual(FakeSocket.last.sent[1], { type: "leave" });
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("a message that does not fit is told, and the socket goes on", () => {
  const { heard, signaling } = start();
  FakeSocket.last.accept();
  FakeSocket.last.say(WELCOME);
  FakeSocket.last.say({ type: "surprise" });
  assert.deepEqual([heard[1].type, heard[1].code, signaling.state], ["error", "bad-message", "connected"]);
});
