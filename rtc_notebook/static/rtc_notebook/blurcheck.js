// The box to tick for a blurred background, and how that goes.

import { h, setAttribute, setText } from "./dom.js";

/** @typedef {import("./blur.js").BackgroundBlur} BackgroundBlur */

export class BlurCheck {
  /** @param {BackgroundBlur} blur @param {(on: boolean) => void} onset */
  constructor(blur, onset) {
    this.blur = blur;
    this.box = h("input", { type: "checkbox", onchange: () => onset(this.box.checked) });
    this.state = h("span", { class: "rtc-blur-state", role: "status" });
    this.element = h("label", { class: "rtc-check rtc-blur" }, this.box, "Blur my background", this.state);
  }

  update() {
    const { figures, ready, running, wanted } = this.blur;
    this.box.checked = wanted;
    const how = figures && ready ? `${Math.round(figures.fps)} pictures a second, ${Math.round(figures.ms)} ms each` : null;
    setAttribute(this.element, "title", how);
    setText(this.state, running && !ready ? "starting…" : "");
  }
}
