// Making, showing and withdrawing invites.

import { h, keyed, setAttribute, setText } from "./dom.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./protocol.js").InviteInfo} InviteInfo
 */

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules around a QR code (ISO/IEC 18004)

/** A QR code. @param {string} rows a line for each row, 1 for dark */
export function qrCode(rows) {
  const lines = rows.split("\n");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `${-QUIET} ${-QUIET} ${lines.length + 2 * QUIET} ${lines.length + 2 * QUIET}`);
  svg.setAttribute("class", "rtc-qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "The link as a QR code");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", lines.map((line, y) => [...line.matchAll(/1+/g)].map(({ 0: run, index }) => `M${index} ${y}h${run.length}v1h-${run.length}z`).join("")).join(""));
  svg.append(path);
  return svg;
}

export class InviteDialog {
  #shown = "";

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.role = h("select", { class: "rtc-field" }, h("option", { value: "member" }, "member: talks"), h("option", { value: "viewer" }, "viewer: watches and chats"), h("option", { value: "host" }, "host: may do all of this"));
    this.minutes = h("select", { class: "rtc-field" }, ...[["60", "an hour"], ["480", "8 hours"], ["1440", "a day"], ["10080", "a week"]].map(([value, text]) => h("option", { value }, text)));
    this.uses = h("select", { class: "rtc-field" }, h("option", { value: "1" }, "one person"), h("option", { value: "" }, "any number"));
    const make = h("button", { type: "submit", class: "rtc-primary" }, "Make a link");
    this.form = h(
      "form",
      { class: "rtc-invite-form", onsubmit: (/** @type {Event} */ event) => this.#make(event) },
      h("label", { class: "rtc-label" }, "As", this.role),
      h("label", { class: "rtc-label" }, "Good for", this.minutes),
      h("label", { class: "rtc-label" }, "For", this.uses),
      make,
    );
    this.link = h("input", { class: "rtc-field", readonly: true, "aria-label": "Invite link", onfocus: () => this.link.select() });
    this.copy = h("button", { type: "button", class: "rtc-primary", onclick: () => void this.#copy() }, "Copy");
    this.code = h("div", { class: "rtc-qr-place" });
    this.hint = h("p", { class: "rtc-invite-hint", role: "note" });
    this.made = h("div", { class: "rtc-invite-made" }, this.code, h("div", { class: "rtc-invite-link" }, this.link, this.copy), this.hint);
    this.list = h("div", { class: "rtc-invite-list" });
    const close = h("button", { type: "button", class: "rtc-quiet", onclick: () => this.element.close() }, "Close");
    const lead = h("p", { class: "rtc-side-hint" }, "A link lets somebody without an account into this room, and nowhere else.");
    const head = h("div", { class: "rtc-dialog-head" }, h("h2", {}, "Invite"), close);
    this.element = h("dialog", { class: "rtc-dialog", "aria-label": "Invite", "data-lm-suppress-shortcuts": "true" }, head, lead, this.form, this.made, this.list);
  }

  open() {
    this.call.house.invited = null;
    this.#shown = "";
    if (!this.element.open) this.element.showModal();
    this.update();
  }

  update() {
    const { invited, invites, hosts } = this.call.house;
    if (!hosts && this.element.open) this.element.close();
    if (!this.element.open) return;
    this.made.hidden = !invited;
    if (invited && this.#shown !== invited.id) this.#show(invited);
    keyed(this.list, invites, ({ id }) => id, (invite) => this.#row(invite), (row, { used, uses }) => {
      setText(/** @type {Element} */ (row.querySelector(".rtc-invite-used")), uses === null ? `used ${used} times` : `${used} of ${uses} used`);
    });
  }

  /** @param {InviteInfo} invite */
  #show(invite) {
    this.#shown = invite.id;
    this.link.value = invite.url;
    this.code.replaceChildren(invite.qr ? qrCode(invite.qr) : "");
    setText(this.hint, invite.hint ?? "");
    this.hint.hidden = !invite.hint;
    setText(this.copy, "Copy");
  }

  /** @param {InviteInfo} invite */
  #row(invite) {
    const { house } = this.call;
    const until = new Date(invite.expires * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    const show = () => {
      house.invited = invite;
      this.update();
    };
    return h(
      "div",
      { class: "rtc-invite-row" },
      h("span", { class: "rtc-people-words" }, `${invite.name || invite.role} · until ${until} · `, h("span", { class: "rtc-invite-used" })),
      h("button", { type: "button", class: "rtc-quiet", onclick: show }, "Show"),
      h("button", { type: "button", class: "rtc-quiet", title: "Nobody comes in by it any more; who came is removed", onclick: () => house.revoke(invite.id, true) }, "Revoke"),
    );
  }

  /** @param {Event} event */
  #make(event) {
    event.preventDefault();
    this.#shown = "";
    this.call.house.invite({
      role: /** @type {"member"} */ (this.role.value),
      minutes: Number(this.minutes.value),
      uses: this.uses.value ? Number(this.uses.value) : null,
      name: "",
    });
  }

  async #copy() {
    this.link.select();
    try {
      await navigator.clipboard.writeText(this.link.value);
      setText(this.copy, "Copied");
    } catch {
      setText(this.copy, "Press Ctrl+C"); // no clipboard on insecure pages; the link is selected
    }
    setAttribute(this.copy, "data-done", true);
  }
}
