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

/** A browser with two cameras, which answers when it is let; and what it opened. */
function browser() {
  /** @type {any[]} */
  const opened = [];
  let answer = () => {};
  let asked = Promise.resolve();
  const make = (/** @type {string} */ kind, /** @type {any} */ wish) => {
    const track = { kind, deviceId: wish.deviceId?.exact ?? wish.deviceId?.ideal ?? "one", live: true, enabled: true, addEventListener() {} };
    Object.assign(track, { getSettings: () => ({ deviceId: track.deviceId }), stop: () => void (track.live = false) });
    opened.push(track);
    return track;
  };
  const mediaDevices = {
    getUserMedia: async (/** @type {any} */ { video, audio }) => {
      await asked;
      const [pictures, sounds] = [video ? [make("video", video)] : [], audio ? [make("audio", audio)] : []];
      return { getVideoTracks: () => pictures, getAudioTracks: () => sounds };
    },
    enumerateDevices: async () => ["one", "two"].map((deviceId) => ({ kind: "videoinput", deviceId, label: "" })),
    addEventListener() {},
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
  const devices = new LocalDevices({ onpublish() {}, onremove() {}, onchange() {}, onerror() {} }, new Choices(null));
  devices.begin();
  return {
    devices, opened, answer: () => answer(),
    ask: () => void (asked = new Promise((resolve) => (answer = resolve))),
    live: () => opened.filter(({ live }) => live).length,
  };
}

test("what is on already is not opened again when the kernel is seen, and nothing stays on after the call", async () => {
  const { devices, opened, live } = browser();
  await devices.setCamera(true);
  const { camera } = devices.tracks;
  await devices.open({ camera: true, microphone: true });
  assert.deepEqual([devices.tracks.camera, opened.length], [camera, 2]);
  devices.end();
  assert.equal(live(), 0);
});

test("what the browser is asking for already is not asked for twice", async () => {
  const { devices, opened, ask, answer, live } = browser();
  ask();
  const both = [devices.setCamera(true), devices.open({ camera: true, microphone: false })];
  answer();
  await Promise.all(both);
  assert.equal(opened.length, 1);
  devices.end();
  assert.equal(live(), 0);
});

test("of two cameras chosen in the place of one that could not be had, the last is on", async () => {
  const { devices, ask, answer, live } = browser();
  await devices.list.refresh();
  devices.lack({ kind: "busy", device: "camera", message: "" });
  ask();
  const both = [devices.choose("camera", "one"), devices.choose("camera", "two")];
  answer();
  await Promise.all(both);
  assert.deepEqual([devices.tracks.camera?.getSettings().deviceId, live()], ["two", 1]);
  devices.end();
  assert.equal(live(), 0);
});

test("a track that takes the place of one that is on ends it", async () => {
  const { devices, live } = browser();
  await devices.setCamera(true);
  const other = await navigator.mediaDevices.getUserMedia({ video: true });
  devices.hold("camera", other.getVideoTracks()[0]);
  assert.equal(live(), 1);
});

test("a viewer's devices are not opened at all", async () => {
  const { devices, opened } = browser();
  devices.permit(false);
  await devices.open({ camera: true, microphone: true });
  assert.equal(opened.length, 0);
});
