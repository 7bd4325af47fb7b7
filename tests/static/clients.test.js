import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { abandon, adopt, drop, hold, register, release } from "../../rtc_notebook/static/rtc_notebook/clients.js";

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

/** @returns {any} */
const fakeCall = () => ({
  active: true,
  kernelGone: false,
  leave() {
    this.active = false;
  },
});

/** @param {string} key */
function shown(key) {
  const call = fakeCall();
  const owner = {};
  const client = register(key, call, owner);
  hold(client, owner);
  return { call, client, owner };
}

test("a call is left a moment after its last view is gone", () => {
  const { call, client, owner } = shown("one");
  hold(client, owner);
  release(client, owner);
  mock.timers.tick(10_000);
  assert.ok(call.active, "another view shows it");
  release(client, owner);
  assert.ok(call.active, "a view that only moves comes back");
  mock.timers.tick(2_000);
  assert.ok(!call.active);
  assert.equal(adopt("one", {}), undefined);
});

test("a cell that is run again takes the living call over", () => {
  const { call, client, owner } = shown("two");
  release(client, owner);
  const next = {};
  assert.equal(adopt("two", next), client);
  hold(client, next);
  mock.timers.tick(10_000);
  assert.ok(call.active);
  assert.equal(client.owner, next);
  drop(client);
});

test("without its kernel a call waits longer for the next one", () => {
  const { call, client, owner } = shown("three");
  release(client, owner);
  call.kernelGone = true;
  mock.timers.tick(5_500);
  assert.ok(call.active);
  mock.timers.tick(1_000);
  assert.ok(!call.active);
});

test("while its cell runs a call waits for the next one, and a moment longer, but not for ever", () => {
  const { call, client, owner } = shown("six");
  let runs = true;
  release(client, owner, () => runs);
  mock.timers.tick(20_000);
  assert.ok(call.active, "the cell imports things");
  runs = false;
  mock.timers.tick(1_000);
  const next = {};
  assert.equal(adopt("six", next), client, "what it shows is just being drawn");
  hold(client, next);
  runs = true;
  release(client, next, () => runs);
  mock.timers.tick(70_000);
  assert.ok(!call.active);
});

test("a call whose widget is closed is left at once, or a moment later when the kernel is what closed it", () => {
  const one = shown("seven");
  abandon(one.client);
  assert.ok(!one.call.active);
  const two = shown("eight");
  two.call.kernelGone = true;
  release(two.client, two.owner);
  abandon(two.client);
  mock.timers.tick(3_000);
  assert.equal(adopt("eight", {}), two.client);
  drop(two.client);
});

test("a call that is in use, or another room's, is nobody else's", () => {
  const { call, client } = shown("four");
  assert.equal(adopt("four", {}), undefined);
  assert.equal(adopt("five", {}), undefined);
  call.kernelGone = true;
  assert.equal(adopt("four", {}), client);
  drop(client);
});

test("a call that another cell has taken over is left when that cell's output goes, whatever still says that it moved", () => {
  const { call, client, owner } = shown("nine");
  call.kernelGone = true;
  const next = {};
  assert.equal(adopt("nine", next), client);
  hold(client, next);
  call.kernelGone = false;
  hold(client, owner); // the cell before shows its output once more
  release(client, owner);
  mock.timers.tick(10_000);
  assert.ok(call.active, "it is none of the cell before any more");
  release(client, next);
  mock.timers.tick(2_000);
  assert.ok(!call.active, "nobody sees that its camera is on");
});
