// The link to the call for who has an account; making, showing and withdrawing invites for who has none.

import * as hosting from "./hosting.js";
import { h, keyed, setText } from "./dom.js";
import { rich } from "./richtext.js";

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

/** A link that is shown, and copied by a button. */
class CopyField {
  /** @param {string} label */
  constructor(label) {
    this.field = h("input", { class: "rtc-field", readonly: true, "aria-label": label, onfocus: () => this.field.select() });
    this.button = h("button", { type: "button", class: "rtc-primary", onclick: () => void this.#copy() }, "Copy");
    this.element = h("div", { class: "rtc-invite-link" }, this.field, this.button);
  }

  again() {
    setText(this.button, "Copy");
  }

  async #copy() {
    this.field.select();
    try {
      await navigator.clipboard.writeText(this.field.value);
      setText(this.button, "Copied");
    } catch {
      setText(this.button, "Press Ctrl+C"); // no clipboard on insecure pages; the link is selected
    }
  }
}

export class InviteDialog {
  #shown = "";

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.role = h("select", { class: "rtc-field" }, h("option", { value: "member" }, "member: talks"), h("option", { value: "viewer" }, "viewer: watches and chats"), h("option", { value: "host" }, "host: may do all of this"));
    this.minutes = h("select", { class: "rtc-field" }, ...[["60", "an hour"], ["480", "8 hours"], ["1440", "a day"], ["10080", "a week"]].map(([value, text]) => h("option", { value }, text)));
    this.uses = h("select", { class: "rtc-field" }, ...[["", "any number"], ["1", "one person"], ["5", "5 people"], ["30", "30 people"]].map(([value, text]) => h("option", { value }, text)));
    this.name = h("input", { class: "rtc-field", type: "text", maxlength: 60, placeholder: "whom it is for", onkeydown: (/** @type {KeyboardEvent} */ event) => event.key !== "Escape" && event.stopPropagation() });
    const make = h("button", { type: "submit", class: "rtc-primary" }, "Make a link");
    this.form = h(
      "form",
      { class: "rtc-invite-form", onsubmit: (/** @type {Event} */ event) => this.#make(event) },
      h("label", { class: "rtc-label" }, "As", this.role),
      h("label", { class: "rtc-label" }, "Good for", this.minutes),
      h("label", { class: "rtc-label" }, "For", this.uses),
      h("label", { class: "rtc-label" }, "Name, if you like", this.name),
      make,
    );
    const account = new CopyField("Link to this call");
    account.field.value = call.options.link;
    const known = h("div", { class: "rtc-invite-known", hidden: !call.options.link }, h("h3", {}, "With an account on this Jupyter server"), account.element);
    this.unknown = h("h3", {}, "Without an account");
    this.lead = h("p", { class: "rtc-side-hint" });
    this.link = new CopyField("Invite link");
    this.code = h("div", { class: "rtc-qr-place" });
    this.hint = h("p", { class: "rtc-invite-hint", role: "note" });
    this.made = h("div", { class: "rtc-invite-made" }, this.code, this.link.element, this.hint);
    this.list = h("div", { class: "rtc-invite-list" });
    const close = h("button", { type: "button", class: "rtc-quiet", onclick: () => this.element.close() }, "Close");
    const head = h("div", { class: "rtc-dialog-head" }, h("h2", {}, "Invite"), close);
    this.element = h("dialog", { class: "rtc-dialog", "aria-label": "Invite", "data-lm-suppress-shortcuts": "true" }, head, known, this.unknown, this.lead, this.form, this.made, this.list);
  }

  open() {
    this.call.house.invited = null;
    this.#shown = "";
    if (!this.element.open) this.element.showModal();
    this.update();
  }

  update() {
    const { invited, invites, hosts } = this.call.house;
    if (!this.element.open) return;
    this.form.hidden = this.list.hidden = !hosts;
    setText(this.lead, hosts ? "An invite lets somebody into this room, and nowhere else." : "A host can make a link for them.");
    this.made.hidden = !invited || !hosts;
    if (invited && this.#shown !== invited.id) this.#show(invited);
    keyed(this.list, invites, ({ id }) => id, (invite) => this.#row(invite), (row, { used, uses }) => {
      const often = used === 1 ? "once" : `${used} times`;
      setText(/** @type {Element} */ (row.querySelector(".rtc-invite-used")), uses === null ? `used ${often}` : `${used} of ${uses} used`);
    });
  }

  /** @param {InviteInfo} invite */
  #show(invite) {
    this.#shown = invite.id;
    this.link.field.value = invite.url;
    this.link.again();
    this.code.replaceChildren(invite.qr ? qrCode(invite.qr) : "");
    this.hint.replaceChildren(...rich(invite.hint ?? ""));
    this.hint.hidden = !invite.hint;
  }

  /** @param {InviteInfo} invite */
  #row(invite) {
    const { house } = this.call;
    const until = new Date(invite.expires * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    const show = () => {
      house.invited = invite;
      this.update();
    };
    const button = (/** @type {string} */ label, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "rtc-quiet", onclick }, label);
    const sure = h(
      "div",
      { class: "rtc-invite-sure", hidden: true },
      h("span", { class: "rtc-people-words" }, "Nobody comes in by it any more. And who did?"),
      button("They stay", () => hosting.revoke(house, invite.id, false)),
      button("Remove them", () => hosting.revoke(house, invite.id, true)),
    );
    const revoke = button("Revoke", () => {
      const used = this.call.house.invites.find(({ id }) => id === invite.id)?.used;
      if (!used) return hosting.revoke(house, invite.id, false);
      sure.hidden = !sure.hidden;
    });
    const name = invite.name ? `${invite.name} · ${invite.role}` : invite.role;
    const words = h("span", { class: "rtc-people-words" }, `${name} · until ${until} · `, h("span", { class: "rtc-invite-used" }));
    return h("div", { class: "rtc-invite-row" }, words, button("Show", show), revoke, sure);
  }

  /** @param {Event} event */
  #make(event) {
    event.preventDefault();
    this.#shown = "";
    hosting.invite(this.call.house, {
      role: /** @type {"member"} */ (this.role.value),
      minutes: Number(this.minutes.value),
      uses: this.uses.value ? Number(this.uses.value) : null,
      name: this.name.value.trim(),
    });
  }
}
