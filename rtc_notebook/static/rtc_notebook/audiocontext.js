// One AudioContext for all that listens or plays: browsers allow few of them, and start them on a click or key only.

/** @type {AudioContext | null} */ let context = null;
let users = 0;

function wake() {
  if (users && context?.state !== "running") void context?.resume().catch(() => {}); // also "interrupted", after a call on an iPhone
}

/** The shared context, kept running until `release` is called as often. @returns {AudioContext | null} null where there is none */
export function acquire() {
  if (!globalThis.AudioContext) return null;
  if (!context) {
    context = new AudioContext();
    context.onstatechange = wake; // acquired while it fell asleep
    for (const event of ["pointerdown", "keydown", "touchend"]) globalThis.addEventListener(event, wake, { capture: true, passive: true });
    globalThis.document?.addEventListener("visibilitychange", wake);
  }
  users += 1;
  wake();
  return context;
}

export function release() {
  users -= 1;
  if (users === 0) void context?.suspend().catch(() => {});
}
