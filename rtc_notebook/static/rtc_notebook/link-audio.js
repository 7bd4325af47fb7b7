// The media link's AudioContext: what it plays and captures waits for the same click as the others' sound, see sound.js.

import { elsewhere } from "./sound.js";

export const RATE = 48_000; // Opus has no other

const PATIENCE = 1_000; // milliseconds in which it may come to run without a click

/** @type {AudioContext | null} */ let context = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
let users = 0;

/** Kept running until `release` is called as often. */
export function acquire() {
  if (!context) {
    context = new AudioContext({ sampleRate: RATE });
    context.onstatechange = follow;
    for (const event of ["pointerdown", "keydown", "touchend", "click"]) globalThis.addEventListener(event, wake, { capture: true, passive: true });
    globalThis.document?.addEventListener("visibilitychange", wake);
  }
  users += 1;
  follow();
  return context;
}

export function release() {
  users -= 1;
  if (users === 0) void context?.suspend().catch(() => {});
  follow();
}

const asleep = () => users > 0 && context?.state !== "running";

function wake() {
  if (asleep()) void context?.resume().catch(() => {});
}

/** Also when what was suspended a moment ago is used again: it still ran then. */
function follow() {
  wake();
  clearTimeout(timer);
  if (asleep()) timer = setTimeout(() => tell(true), PATIENCE);
  else tell(false);
}

/** @param {boolean} blocked */
function tell(blocked) {
  if (elsewhere.blocked === blocked) return;
  elsewhere.blocked = blocked;
  elsewhere.dispatchEvent(new Event("change"));
}
