import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Comeback } from "../../rtc_notebook/static/rtc_notebook/comeback.js";

/** @type {string} */ let permission;
/** @type {{ state: string, onchange: (() => void) | null }[]} */ let statuses;
/** @type {EventTarget} */ let devices;
/** @type {string[]} */ let opened;
let fails = false;
/** @type {Comeback} */ let comeback;

beforeEach(() => {
  [permission, statuses, devices, opened, fails] = ["granted", [], new EventTarget(), [], false];
  const permissions = {
    query: async () => {
      const status = { state: permission, onchange: null };
      statuses.push(status);
      return status;
    },
  };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { mediaDevices: devices, permissions } });
  comeback = new Comeback(async (device) => {
    opened.push(device);
    if (!fails) comeback.found(device);
  });
});

const plugged = async () => {
  devices.dispatchEvent(new Event("devicechange"));
  await turn();
  await turn();
};

test("a camera that was unplugged is opened again when devices change, and then no more", async () => {
  comeback.lost("camera");
  assert.deepEqual(opened, []);
  await plugged();
  await plugged();
  assert.deepEqual(opened, ["camera"]);
});

test("another device's plug does not end the waiting", async () => {
  fails = true;
  comeback.lost("camera");
  await plugged();
  fails = false;
  await plugged();
  assert.deepEqual(opened, ["camera", "camera"]);
});

test("nobody is asked by a prompt of its own accord, and a permission that is given back is noticed", async () => {
  permission = "prompt";
  comeback.lost("microphone");
  assert.equal(await comeback.denied("microphone"), true);
  await plugged();
  assert.deepEqual(opened, []);
  permission = "granted";
  statuses.find(({ onchange }) => onchange)?.onchange?.();
  await turn();
  await turn();
  assert.deepEqual(opened, ["microphone"]);
  assert.ok(statuses.every(({ onchange }) => onchange === null), "nothing is watched any more");
});

test("what is not wanted any more is not opened", async () => {
  comeback.lost("camera");
  comeback.close();
  await plugged();
  assert.deepEqual(opened, []);
});
