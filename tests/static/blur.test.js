import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { BackgroundBlur } from "../../rtc_notebook/static/rtc_notebook/blur.js";
import { GuidedFilter, boxMean } from "../../rtc_notebook/static/rtc_notebook/blur/guided.js";
import { steady } from "../../rtc_notebook/static/rtc_notebook/blur/steady.js";
import { Loader } from "../../rtc_notebook/static/rtc_notebook/loader.js";
import { EFFORTS, Pace } from "../../rtc_notebook/static/rtc_notebook/blur/pace.js";

const [WIDTH, HEIGHT] = [64, 36];

test("a mean over boxes is the mean of each value's neighbours, with the border repeated", () => {
  const values = Float32Array.from({ length: WIDTH * HEIGHT }, () => Math.random());
  const means = new Float32Array(values.length);
  boxMean(values, means, new Float32Array(values.length), WIDTH, HEIGHT, 3);
  for (const [x, y] of [[0, 0], [20, 11], [WIDTH - 1, HEIGHT - 1], [1, HEIGHT - 2]]) {
    let sum = 0;
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) sum += values[Math.min(Math.max(y + dy, 0), HEIGHT - 1) * WIDTH + Math.min(Math.max(x + dx, 0), WIDTH - 1)];
    }
    assert.ok(Math.abs(means[y * WIDTH + x] - sum / 49) < 1e-5);
  }
});

test("a mask that is off by two pixels gets the picture's edge", () => {
  const guide = new Float32Array(WIDTH * HEIGHT).map((_, i) => (i % WIDTH < 32 ? 0.2 : 0.8));
  const mask = new Float32Array(WIDTH * HEIGHT).map((_, i) => (i % WIDTH < 30 ? 0 : 1));
  const found = new GuidedFilter(WIDTH, HEIGHT).run(guide, mask);
  const at = (/** @type {number} */ x) => {
    const i = 18 * WIDTH + x;
    return found[2 * i] * guide[i] + found[2 * i + 1];
  };
  assert.ok(at(32) > 0.9, String(at(32)));
  assert.ok(at(32) - at(31) > 0.4, "one clear step, where the picture has it");
  assert.ok(at(31) - at(29) < 0.25, "and none where the mask had it");
  assert.ok(at(2) < 0.02 && at(61) > 0.98, "far from the edge nothing changes");
});

test("a trembling mask is calmed, and one that moves is followed", () => {
  const mask = Float32Array.of(0.5, 0);
  steady(mask, Float32Array.of(0.6, 1));
  assert.ok(mask[0] < 0.55);
  assert.equal(mask[1], 1);
});

test("a slow machine does less a picture, a fast one more, and what was too much is not tried again soon", () => {
  const pace = new Pace();
  for (let i = 0; i < 200; i++) pace.took(80);
  assert.deepEqual(pace.effort, EFFORTS.at(-1));
  let raises = 0;
  let before = pace.effort;
  for (let i = 0; i < 20_000; i++) {
    pace.took(pace.effort === EFFORTS.at(-1) ? 5 : 60);
    if (EFFORTS.indexOf(pace.effort) < EFFORTS.indexOf(before)) raises++;
    before = pace.effort;
  }
  assert.ok(raises > 1 && raises < 12, String(raises));
  for (let i = 0; i < 40_000; i++) pace.took(4);
  assert.deepEqual(pace.effort, EFFORTS[0]);
});

test("blur whose code could not be fetched is tried again with the camera, which stays off and says so otherwise", async () => {
  const get = mock.method(Loader.prototype, "get", async () => {
    throw new TypeError("Failed to fetch dynamically imported module");
  });
  const blur = new BackgroundBlur("ws://server/rtc-notebook/api/rooms/demo/socket");
  blur.set(true);
  await turn(); // before there is a call that could say it
  /** @type {string[]} */ const failed = [];
  blur.onfail = (message) => void failed.push(message);
  const camera = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ stop() {} }));
  assert.deepEqual([blur.of(camera), blur.of(camera)], [null, null]);
  await turn();
  assert.match(failed.join(), /^The camera stays off, because its background cannot be blurred: The server does not answer[^,]*$/);
  const sent = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({}));
  get.mock.mockImplementation(async () => ({ begin: () => ({ raw: camera, sent, stop() {} }) }));
  let ready = 0;
  blur.onready = () => void (ready += 1);
  assert.equal(blur.of(camera), null);
  await turn();
  assert.deepEqual([ready, blur.of(camera)], [1, sent]);
});

test("a blurred picture is sent anew once it has another size, not each time that it is told how it goes", async () => {
  /** @type {(news: object) => void} */ let tell = () => {};
  mock.method(Loader.prototype, "get", async () => ({
    begin: (/** @type {any} */ raw, /** @type {string} */ _base, /** @type {typeof tell} */ told) => {
      tell = told;
      return { raw, sent: {}, stop() {} };
    },
  }));
  const blur = new BackgroundBlur("ws://server/rtc-notebook/api/rooms/demo/socket");
  blur.set(true);
  await turn();
  blur.of(/** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ stop() {} })));
  let sent = 0;
  blur.onready = () => void (sent += 1);
  const heard = [720, 720, 720, 540, 540, 540].map((height) => {
    tell({ figures: { fps: 30, ms: 5, height, model: true } });
    return sent;
  });
  assert.deepEqual(heard, [0, 1, 1, 1, 2, 2]);
});
