// Says for as long as somebody records the call, to eyes and to ears. Loaded when somebody does first.

import { h, setAttribute, setText } from "./dom.js";
import { recorders } from "./room.js";

const HEARD = 100; // milliseconds after which a screen reader has taken note of a region that is new

export class RecordMark {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {import("./call.js").Call} call */
  constructor(call) {
    this.call = call;
    const dot = h("span", { class: "rtc-record-dot" });
    this.names = h("span", { class: "rtc-record-names" });
    this.mark = h("div", { class: "rtc-record", "aria-hidden": "true", hidden: true }, dot, h("b", {}, "REC"), this.names);
    // Screen readers tell what changes in a region that was there before: its first words come a moment later.
    this.said = h("div", { class: "rtc-unseen", role: "status", "aria-live": "polite" });
  }

  update() {
    const { participants, me, active } = this.call;
    const inCall = active && me !== null;
    const by = inCall ? recorders(participants).join(", ") : "";
    const words = by ? `This call is being recorded by ${by}.` : inCall && (!this.mark.hidden || this.said.textContent) ? "The recording has stopped." : "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => setText(this.said, words), HEARD);
    this.mark.hidden = !by;
    setText(this.names, by);
    setAttribute(this.mark, "title", by ? `Recorded by ${by}` : null);
  }

  close() {
    clearTimeout(this.#timer);
  }
}
