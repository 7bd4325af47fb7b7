import assert from "node:assert/strict";
import { test } from "node:test";

import { words } from "../../rtc_notebook/static/rtc_notebook/kernelview.js";

test("filters and their controls are called in words what they are in Python", () => {
  const names = ["qr_codes", "mirror", "FacePixelation", "MotionHeatMap", "max_fps", "qrious", ""];
  assert.deepEqual(names.map(words), ["QR codes", "Mirror", "Face pixelation", "Motion heat map", "Max FPS", "Qrious", ""]);
});
