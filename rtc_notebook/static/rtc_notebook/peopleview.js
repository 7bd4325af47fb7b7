// Who is here and who waits, what of them is heard and how loud; for hosts, what they may do about it.

import * as hosting from "./hosting.js";
import { h, keyed, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./controls.js";
import { COLOURS, colourOf, initials, soundsOf } from "./room.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 */

const ROLES = /** @type {const} */ (["host", "member", "viewer"]);
const SURE = 5_000; // milliseconds in which the second click counts

export class PeopleView {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #sure;

  /** @param {Call} call @param {() => void} oninvite */
  constructor(call, oninvite) {
    this.call = call;
    const button = (/** @type {string} */ kind, /** @type {() => void} */ onclick, text = "") => h("button", { type: "button", class: kind, onclick }, text);
    this.door = h("div", { class: "rtc-door" });
    this.list = h("div", { class: "rtc-people-list", role: "list" });
    this.lock = button("rtc-quiet", () => hosting.lock(call.house, !call.house.locked));
    this.silence = button("rtc-quiet", () => hosting.muteAll(call.house), "Mute all");
    this.over = button("rtc-quiet rtc-over", () => this.#end(), "End for all");
    this.hosting = h("div", { class: "rtc-hosting" }, button("rtc-primary", oninvite, "Invite…"), this.lock, this.silence, this.over);
    this.locked = h("p", { class: "rtc-side-hint" }, "This room is locked: who comes now waits to be admitted.");
    this.element = h("div", { class: "rtc-people-view" }, this.hosting, this.locked, this.door, this.list);
  }

  update() {
    const { house, participants, me } = this.call;
    this.hosting.hidden = !house.hosts;
    this.locked.hidden = !house.locked;
    setText(this.lock, house.locked ? "Unlock room" : "Lock room");
    this.silence.disabled = !participants.some((one) => one.id !== me && isHeard(one));
    keyed(this.door, house.waiting, ({ id }) => id, (waiting) => this.#waiting(waiting));
    const order = (/** @type {ParticipantInfo} */ { id }) => (house.hands.indexOf(id) + 1) || Infinity;
    const people = [...participants].sort((one, other) => (order(one) === order(other) ? 0 : order(one) - order(other)));
    keyed(this.list, people, ({ id, client }) => `${id} ${client} ${house.hosts}`, (one) => this.#row(one), (row, one) => this.#fill(row, one));
  }

  /** Ends the call for everybody, at the second click. */
  #end() {
    const sure = this.over.hasAttribute("data-sure");
    clearTimeout(this.#sure);
    this.#ask(!sure);
    if (sure) hosting.endRoom(this.call.house);
    else this.#sure = setTimeout(() => this.#ask(false), SURE);
  }

  /** @param {boolean} asks */
  #ask(asks) {
    setAttribute(this.over, "data-sure", asks);
    setText(this.over, asks ? "Click again to end it for all" : "End for all");
  }

  /** @param {import("./protocol.js").WaitingInfo} waiting */
  #waiting({ id, name }) {
    const { house } = this.call;
    return h(
      "div",
      { class: "rtc-door-row" },
      h("span", { class: "rtc-people-name" }, `${name} wants to come in`),
      h("button", { type: "button", class: "rtc-primary", onclick: () => hosting.moderate(house, "admit", id) }, "Admit"),
      h("button", { type: "button", class: "rtc-quiet", onclick: () => hosting.moderate(house, "remove", id) }, "Deny"),
    );
  }

  /** @param {ParticipantInfo} participant */
  #row(participant) {
    const { id, name, client } = participant;
    const face = client === "kernel"
      ? h("span", { class: "rtc-avatar", "aria-hidden": "true" }, icon("chip"))
      : h("span", { class: "rtc-avatar", "data-colour": colourOf(name, COLOURS), "aria-hidden": "true" }, initials(name));
    const words = h("span", { class: "rtc-people-words" }, h("span", { class: "rtc-people-name" }), h("span", { class: "rtc-people-marks" }));
    const state = h("span", { class: "rtc-people-sound", role: "img" });
    const tools = h("span", { class: "rtc-people-tools" }, state);
    const row = h("div", { class: "rtc-people-row", role: "listitem" }, face, words, tools);
    if (id !== this.call.me) this.#adjustable(participant, row, tools);
    if (this.call.house.hosts) tools.append(...this.#tools(participant));
    return row;
  }

  /** A button that shows a slider for how loud somebody is here. @param {ParticipantInfo} participant @param {HTMLElement} row @param {HTMLElement} tools */
  #adjustable({ id, name }, row, tools) {
    const percent = Math.round(100 * (this.call.volumes.get(id) ?? 1));
    const slider = h("input", {
      type: "range", class: "rtc-volume", min: 0, max: 100, step: 5, "aria-label": `Volume of ${name}`, hidden: true,
      oninput: () => this.call.setVolume(id, slider.valueAsNumber / 100),
    });
    slider.value = String(percent);
    const button = iconButton("sound", `How loud ${name} is for you`, () => {
      slider.hidden = !slider.hidden;
      setAttribute(button, "aria-expanded", String(!slider.hidden));
      if (!slider.hidden) slider.focus();
    }, "rtc-small rtc-louder");
    setAttribute(button, "aria-expanded", "false");
    tools.append(button);
    row.append(slider);
  }

  /** What a host may do. @param {ParticipantInfo} participant */
  #tools({ id, name }) {
    const { house } = this.call;
    const role = h(
      "select",
      { class: "rtc-role", "aria-label": `Role of ${name}`, onchange: () => hosting.setRole(house, id, /** @type {"host"} */ (role.value)) },
      ...ROLES.map((one) => h("option", { value: one }, one)),
    );
    const filters = iconButton("filter", `Let ${name} filter others`, () => hosting.allowFilters(house, id, filters.getAttribute("aria-pressed") !== "true"), "rtc-small rtc-allow");
    return [
      iconButton("microphone", `Mute ${name}`, () => hosting.moderate(house, "mute", id), "rtc-small rtc-mute"),
      iconButton("hand", `Lower the hand of ${name}`, () => hosting.lowerHand(house, id), "rtc-small rtc-lower"),
      role,
      filters,
      iconButton("close", `Remove ${name}`, () => hosting.moderate(house, "remove", id), "rtc-small rtc-remove"),
    ];
  }

  /** @param {HTMLElement} row @param {ParticipantInfo} participant */
  #fill(row, participant) {
    const { id, name, client, role = "member", guest, hand, mayFilter, connected } = participant;
    const own = id === this.call.me;
    const find = (/** @type {string} */ query) => /** @type {HTMLElement | null} */ (row.querySelector(query));
    const show = (/** @type {string} */ query, /** @type {boolean} */ shown) => {
      const element = find(query);
      if (element) element.hidden = !shown;
    };
    setText(/** @type {Element} */ (find(".rtc-people-name")), own ? `${name} (you)` : name);
    const { hands } = this.call.house;
    const turn = hands.length > 1 ? `, ${hands.indexOf(id) + 1} of ${hands.length}` : "";
    const marks = [role, guest && "guest", client === "kernel" && "kernel", hand && `hand raised${turn}`, connected === false && "away"];
    setText(/** @type {Element} */ (find(".rtc-people-marks")), marks.filter(Boolean).join(" · "));
    const heard = isHeard(participant);
    const mutes = !own && heard && find(".rtc-mute") !== null;
    const state = /** @type {HTMLElement} */ (find(".rtc-people-sound"));
    const words = heard ? "Microphone on" : "Microphone off";
    if (state.title !== words) state.replaceChildren(icon(heard ? "microphone" : "microphone-off"));
    setAttribute(state, "title", words);
    setAttribute(state, "aria-label", words);
    setAttribute(state, "data-heard", heard);
    state.hidden = mutes || client === "kernel"; // to hosts, the button says it
    const select = /** @type {HTMLSelectElement | null} */ (find("select"));
    if (select && document.activeElement !== select) select.value = role;
    const allow = find(".rtc-allow");
    if (allow) setAttribute(allow, "aria-pressed", String(!!mayFilter));
    show(".rtc-allow", role === "member" && !guest);
    show(".rtc-mute", mutes);
    show(".rtc-lower", !own && !!hand);
    show(".rtc-remove", !own);
    const sounds = soundsOf([participant], this.call.me).length > 0;
    show(".rtc-louder", sounds);
    if (!sounds) show(".rtc-volume", false);
  }
}

/** Whether somebody's microphone, or any other sound of theirs, is on. @param {ParticipantInfo} participant */
const isHeard = ({ tracks = [] }) => tracks.some(({ kind, of, muted }) => kind === "audio" && !of && !muted);
