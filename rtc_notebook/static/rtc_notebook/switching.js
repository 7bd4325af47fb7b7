// Opening a device in the place of another: beside it where the browser can, after it where it cannot.

import { openOne } from "./devices.js";

/** @typedef {import("./choices.js").Choices} Choices */

/**
 * Opens another device while the one before still runs, so that nothing is missed. Phones open one camera at a time:
 * there the one before is let go of first, and taken again if the other cannot be had.
 * @param {MediaStreamTrack} before @param {() => Promise<MediaStreamTrack>} open @param {Choices} choices
 */
export async function openBeside(before, open, choices) {
  try {
    return await open();
  } catch (error) {
    if (!["NotReadableError", "AbortError"].includes(/** @type {Error} */ (error).name)) throw error;
    const { deviceId } = before.getSettings();
    before.onended = null;
    before.stop();
    return open().catch(async (again) => {
      const device = before.kind === "video" ? "camera" : "microphone";
      const old = await openOne(device, choices, { deviceId: deviceId ? { exact: deviceId } : undefined }).catch(() => null);
      if (!old) throw again;
      return old;
    });
  }
}

/** The camera that looks the other way or, where browsers do not say which way cameras look, the next one. @param {MediaStreamTrack} track @param {MediaDeviceInfo[]} cameras @param {Choices} choices */
export async function openOther(track, cameras, choices) {
  const { facingMode, deviceId } = track.getSettings();
  if (facingMode === "user" || facingMode === "environment") {
    const exact = facingMode === "user" ? "environment" : "user";
    try {
      return await openOne("camera", choices, { facingMode: { exact } });
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "OverconstrainedError") throw error;
    }
  }
  const next = cameras[(cameras.findIndex((camera) => camera.deviceId === deviceId) + 1) % cameras.length];
  return openOne("camera", choices, { deviceId: { exact: next.deviceId } });
}
