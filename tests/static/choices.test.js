import assert from "node:assert/strict";
import { test } from "node:test";

import { Choices, KEY, pick } from "../../rtc_notebook/static/rtc_notebook/choices.js";

function storage() {
  const kept = {
    text: /** @type {string | null} */ (null),
    getItem: () => kept.text,
    setItem: (/** @type {string} */ _, /** @type {string} */ text) => void (kept.text = text),
  };
  return kept;
}

test("a chosen device is found by its id or, where ids change, by its label", () => {
  const devices = [{ deviceId: "1", label: "Front" }, { deviceId: "2", label: "Rear" }];
  assert.equal(pick(devices, { id: "2", label: "Front" })?.label, "Rear");
  assert.equal(pick(devices, { id: "9", label: "Rear" })?.deviceId, "2");
  assert.equal(pick(devices, { id: "9", label: "" }), undefined);
  assert.equal(pick(devices, null), undefined);
});

test("choices and the microphone's treatment are kept; nonsense that was kept is nothing", () => {
  const kept = storage();
  const choices = new Choices(kept);
  assert.deepEqual(choices.sound, { echoCancellation: true, noiseSuppression: true, autoGainControl: true });
  choices.treat("noiseSuppression", false);
  choices.choose("camera", { id: "2", label: "Rear" });
  const again = new Choices(kept);
  assert.equal(again.sound.noiseSuppression, false);
  assert.equal(again.of("camera")?.label, "Rear");
  again.treat("noiseSuppression", true);
  assert.equal(new Choices(kept).sound.noiseSuppression, true);
  for (const nonsense of ["{", "null", "7"]) {
    kept.text = nonsense;
    assert.equal(new Choices(kept).of("camera"), null, KEY);
  }
});
