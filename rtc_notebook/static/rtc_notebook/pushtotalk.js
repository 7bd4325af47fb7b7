// Push to talk: the microphone is on while the space bar is held, if it was off.

/**
 * @typedef {{ speaking: boolean, busy: Set<string>, setMicrophone: (on: boolean) => unknown }} Talker
 * @param {Talker} call
 */
export function pressAndHold(call) {
  let held = false;
  return {
    /** Whether the focus is where it is because of a mouse or finger, and means nothing. */
    pointed: false,
    /** Whether the key was taken: a button that was reached by keyboard keeps its own. @param {Pick<KeyboardEvent, "target" | "repeat">} event */
    down(event) {
      if (held) return true;
      const target = /** @type {HTMLElement | null} */ (event.target);
      const control = target?.closest?.("button, a, summary, input, [role=button]");
      if (control && !this.pointed) return false;
      if (event.repeat || call.speaking) return !!control; // no click by a space bar that was meant to talk
      held = true;
      void call.setMicrophone(true);
      return true;
    },
    up() {
      if (!held) return false;
      held = false;
      void release(call, () => held);
      return true;
    },
  };
}

/** The microphone may just be opening: it is turned off once it is there. @param {Talker} call @param {() => boolean} again */
async function release(call, again) {
  while (call.busy.has("microphone") && !again()) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!again()) await call.setMicrophone(false);
}
