import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { adopt, drop, hold, register, release } from "../../rtc_notebook/static/rtc_notebook/clients.js";

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
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
  const client = register(key, call, {});
  hold(client);
  return { call, client };
}

test("a call is left a moment after its last view is gone", () => {
  const { call, client } = shown("one");
  hold(client);
  release(client);
  mock.timers.tick(10_000);
  assert.ok(call.active, "another view shows it");
  release(client);
  assert.ok(call.active, "a view that only moves comes back");
  mock.timers.tick(2_000);
  assert.ok(!call.active);
  assert.equal(adopt("one", {}), undefined);
});

test("a cell that is run again takes the living call over", () => {
  const { call, client } = shown("two");
  release(client);
  const next = {};
  assert.equal(adopt("two", next), client);
  hold(client);
  mock.timers.tick(10_000);
  assert.ok(call.active);
  assert.equal(client.owner, next);
  drop(client);
});

test("without its kernel a call waits longer for the next one", () => {
  const { call, client } = shown("three");
  release(client);
  call.kernelGone = true;
  mock.timers.tick(1_500);
  mock.timers.tick(4_000);
  assert.ok(call.active);
  mock.timers.tick(1_000);
  assert.ok(!call.active);
});

test("a call that is in use, or another room's, is nobody else's", () => {
  const { call, client } = shown("four");
  assert.equal(adopt("four", {}), undefined);
  assert.equal(adopt("five", {}), undefined);
  call.kernelGone = true;
  assert.equal(adopt("four", {}), client);
  drop(client);
});
