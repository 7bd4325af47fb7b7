// Who is here and who waits; for hosts, what they may do about it.

import { h, keyed, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./controls.js";
import { COLOURS, colourOf, initials } from "./room.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 */

const ROLES = /** @type {const} */ (["host", "member", "viewer"]);

export class PeopleView {
  /** @param {Call} call @param {() => void} oninvite */
  constructor(call, oninvite) {
    this.call = call;
    this.door = h("div", { class: "rtc-door" });
    this.list = h("div", { class: "rtc-people-list", role: "list" });
    this.invite = h("button", { type: "button", class: "rtc-primary", onclick: oninvite }, "Invite…");
    this.lock = h("button", { type: "button", class: "rtc-quiet", onclick: () => call.house.lock(!call.house.locked) });
    this.hosting = h("div", { class: "rtc-hosting" }, this.invite, this.lock);
    this.locked = h("p", { class: "rtc-side-hint" }, "This room is locked: who comes now waits to be admitted.");
    this.element = h("div", { class: "rtc-people-view" }, this.hosting, this.locked, this.door, this.list);
  }

  update() {
    const { house, participants } = this.call;
    this.hosting.hidden = !house.hosts;
    this.locked.hidden = !house.locked;
    setText(this.lock, house.locked ? "Unlock room" : "Lock room");
    keyed(this.door, house.waiting, ({ id }) => id, (waiting) => this.#waiting(waiting));
    const order = (/** @type {ParticipantInfo} */ { id }) => (house.hands.indexOf(id) + 1) || Infinity;
    const people = [...participants].sort((one, other) => (order(one) === order(other) ? 0 : order(one) - order(other)));
    keyed(this.list, people, ({ id, client }) => `${id} ${client} ${house.hosts}`, (one) => this.#row(one), (row, one) => this.#fill(row, one));
  }

  /** @param {import("./protocol.js").WaitingInfo} waiting */
  #waiting({ id, name }) {
    const { house } = this.call;
    return h(
      "div",
      { class: "rtc-door-row" },
      h("span", { class: "rtc-people-name" }, `${name} wants to come in`),
      h("button", { type: "button", class: "rtc-primary", onclick: () => house.moderate("admit", id) }, "Admit"),
      h("button", { type: "button", class: "rtc-quiet", onclick: () => house.moderate("remove", id) }, "Deny"),
    );
  }

  /** @param {ParticipantInfo} participant */
  #row({ id, name, client }) {
    const { house } = this.call;
    const face = client === "kernel"
      ? h("span", { class: "rtc-avatar", "aria-hidden": "true" }, icon("chip"))
      : h("span", { class: "rtc-avatar", "data-colour": colourOf(name, COLOURS), "aria-hidden": "true" }, initials(name));
    const words = h("span", { class: "rtc-people-words" }, h("span", { class: "rtc-people-name" }), h("span", { class: "rtc-people-marks" }));
    const row = h("div", { class: "rtc-people-row", role: "listitem" }, face, words);
    if (!house.hosts) return row;
    const role = h(
      "select",
      { class: "rtc-role", "aria-label": `Role of ${name}`, onchange: () => house.setRole(id, /** @type {"host"} */ (role.value)) },
      ...ROLES.map((one) => h("option", { value: one }, one)),
    );
    const filters = iconButton("filter", `Let ${name} filter others`, () => house.allowFilters(id, filters.getAttribute("aria-pressed") !== "true"), "rtc-small rtc-allow");
    row.append(
      role,
      filters,
      iconButton("microphone-off", `Mute ${name}`, () => house.moderate("mute", id), "rtc-small rtc-mute"),
      iconButton("close", `Remove ${name}`, () => house.moderate("remove", id), "rtc-small rtc-remove"),
    );
    return row;
  }

  /** @param {HTMLElement} row @param {ParticipantInfo} participant */
  #fill(row, { id, name, client, role = "member", guest, hand, mayFilter, tracks, connected }) {
    const own = id === this.call.me;
    const find = (/** @type {string} */ query) => /** @type {HTMLElement | null} */ (row.querySelector(query));
    setText(/** @type {Element} */ (find(".rtc-people-name")), own ? `${name} (you)` : name);
    const sound = (tracks ?? []).some(({ kind, muted }) => kind === "audio" && !muted);
    const { hands } = this.call.house;
    const turn = hands.length > 1 ? `, ${hands.indexOf(id) + 1} of ${hands.length}` : "";
    const marks = [role, guest && "guest", client === "kernel" && "kernel", hand && `hand raised${turn}`, connected === false && "away"];
    setText(/** @type {Element} */ (find(".rtc-people-marks")), marks.filter(Boolean).join(" · "));
    const select = /** @type {HTMLSelectElement | null} */ (find("select"));
    if (select && document.activeElement !== select) select.value = role;
    const allow = find(".rtc-allow");
    if (allow) {
      allow.hidden = role !== "member" || !!guest;
      setAttribute(allow, "aria-pressed", String(!!mayFilter));
    }
    const mute = find(".rtc-mute");
    if (mute) mute.hidden = own || !sound;
    const remove = find(".rtc-remove");
    if (remove) remove.hidden = own;
  }
}
