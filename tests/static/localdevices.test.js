import assert from "node:assert/strict";
import { test } from "node:test";

import { Choices } from "../../rtc_notebook/static/rtc_notebook/choices.js";
import { LocalDevices } from "../../rtc_notebook/static/rtc_notebook/localdevices.js";

test("a camera that is chosen in the place of one that could not be had is opened", async () => {
  /** @type {any[]} */
  const asked = [];
  const track = { kind: "video", getSettings: () => ({ deviceId: "two" }), stop() {} };
  const stream = { getVideoTracks: () => [track], getAudioTracks: () => [] };
  const mediaDevices = {
    getUserMedia: async (/** @type {any} */ wish) => {
      asked.push(wish);
      if (asked.length === 1) throw new DOMException("", "NotReadableError");
      return stream;
    },
    enumerateDevices: async () => ["one", "two"].map((deviceId) => ({ kind: "videoinput", deviceId, label: "" })),
    addEventListener() {},
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
  /** @type {any[]} */
  const published = [];
  const devices = new LocalDevices({
    onpublish: (device, sent) => void published.push([device, sent]), onremove() {}, onchange() {}, onerror() {},
  }, new Choices(null));
  devices.begin();
  await devices.open({ camera: true, microphone: false });
  assert.deepEqual(devices.problems.map(({ device, kind }) => [device, kind]), [["camera", "busy"]]);
  assert.deepEqual(published, []);
  await devices.choose("camera", "two");
  assert.deepEqual(asked[1].video.deviceId, { ideal: "two" });
  assert.deepEqual([devices.problems, published], [[], [["camera", track]]]);
});
