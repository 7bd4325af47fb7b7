// Says for as long as somebody records the call, to eyes and to ears.

import { h, setAttribute, setText } from "./dom.js";
import { recorders } from "./room.js";

export class RecordMark {
  constructor() {
    const dot = h("span", { class: "rtc-record-dot" });
    this.names = h("span", { class: "rtc-record-names" });
    this.mark = h("div", { class: "rtc-record", "aria-hidden": "true", hidden: true }, dot, h("b", {}, "REC"), this.names);
    // Screen readers tell what changes in a region that was there before: this one always is.
    this.said = h("div", { class: "rtc-unseen", role: "status", "aria-live": "polite" });
    this.element = h("div", { class: "rtc-record-place" }, this.mark, this.said);
  }

  /** @param {import("./room.js").ParticipantInfo[]} participants @param {boolean} inCall */
  update(participants, inCall) {
    const names = inCall ? recorders(participants) : [];
    const by = names.join(", ");
    if (!inCall) setText(this.said, "");
    else if (by) setText(this.said, `This call is being recorded by ${by}.`);
    else if (!this.mark.hidden) setText(this.said, "The recording has stopped.");
    this.mark.hidden = !by;
    setText(this.names, by);
    setAttribute(this.mark, "title", by ? `Recorded by ${by}` : null);
  }
}
