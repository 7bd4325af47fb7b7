// The button for reactions; what it opens, and what shows those that come in, is loaded with the first.

import { h, style } from "./dom.js";
import { iconButton } from "./controls.js";
import { loader } from "./loader.js";

/** @typedef {import("./call.js").Call} Call */

const views = loader("reactionsview.js", () => import("./reactionsview.js"));

export class Reactions {
  /** @type {import("./reactionsview.js").ReactionsView | null} */ #view = null;

  /** @param {Call} call @param {() => HTMLElement} stage where the tiles are */
  constructor(call, stage) {
    this.call = call;
    this.stage = stage;
    this.button = iconButton("smile", "React", () => void this.#load().then((view) => view.toggle()), "rtc-spare rtc-react");
    this.button.setAttribute("aria-expanded", "false");
    this.element = h("div", { class: "rtc-react-place" });
    this.show = (/** @type {import("./protocol.js").Reaction} */ reaction) => void this.#load().then((view) => view.show(reaction), () => {}); // the server is away
    call.reactions.add(this.show);
  }

  close() {
    this.call.reactions.delete(this.show);
  }

  update() {
    this.button.hidden = this.call.atTheDoor;
    if (this.call.me === null) this.#view?.toggle(false);
  }

  async #load() {
    const [{ ReactionsView }] = await Promise.all([views.get(), style("reactions.css")]);
    if (!this.#view) {
      this.#view = new ReactionsView(this.call, this.stage, this.button);
      this.element.append(this.#view.layer, this.#view.said, this.#view.row);
    }
    return this.#view;
  }
}
