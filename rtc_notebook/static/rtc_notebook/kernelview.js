// What the kernels in the room do for people: filters with their sliders, and a recording.

import { Asks } from "./asks.js";
import { h, keyed, setAttribute, setText } from "./dom.js";
import { recorders } from "./room.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {import("./protocol.js").FilterControl} FilterControl
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 * @typedef {{ participant: string, source: "camera" | "screen" }} Target
 */

export class KernelView {
  /** what there was when the kernel was last asked */ #known = "";
  #open = false;

  /** @param {Call} call */
  constructor(call) {
    this.call = call;
    this.asks = call.asking(Asks);
    const select = (/** @type {string} */ label) => h("select", { class: "rtc-field", "aria-label": label, onchange: () => this.update() });
    this.kernels = select("Kernel");
    this.targets = select("Whose picture");
    this.record = h("button", { type: "button", class: "rtc-quiet rtc-record-button", onclick: () => this.#record() });
    this.recorded = h("p", { class: "rtc-side-hint", role: "status" });
    this.none = h("p", { class: "rtc-side-hint" }, "No notebook is in this call. Filters and recordings are made by one: ", h("code", {}, "call = Call(\"…\")"), ".");
    this.said = h("p", { class: "rtc-side-hint rtc-kernel-said", role: "status" });
    this.list = h("div", { class: "rtc-offers", role: "group", "aria-label": "Filters" });
    this.controls = h("div", { class: "rtc-filter-controls", role: "group", "aria-label": "The filter’s controls" });
    this.kernelRow = h("label", { class: "rtc-label" }, "Kernel", this.kernels);
    this.menu = h("div", { class: "rtc-kernel-menu" }, this.kernelRow, h("label", { class: "rtc-label" }, "Filter on", this.targets), this.said, this.list, this.controls);
    this.element = h("div", { class: "rtc-kernel-view" }, h("div", { class: "rtc-recording" }, this.record, this.recorded), this.none, this.menu);
  }

  /** @param {boolean} [open] whether it is shown */
  update(open = this.#open) {
    const { asks } = this;
    const { participants, house } = this.call;
    if (open && !this.#open) this.#known = "";
    this.#open = open;
    const kernels = participants.filter(({ client, connected }) => client === "kernel" && connected !== false);
    const mine = participants.find(({ id }) => id === this.call.me)?.widgetOf;
    fill(this.kernels, kernels.map(({ id, name }) => [id, name]), mine ?? kernels.find(({ role }) => role === "host")?.id);
    asks.choose(this.kernels.value);
    this.kernelRow.hidden = kernels.length < 2;
    this.none.hidden = kernels.length > 0;
    this.menu.hidden = !kernels.length;
    this.#showRecord(kernels);
    fill(this.targets, this.#choices(house.hosts), `${this.call.me}/camera`);
    if (!open || !kernels.length) return;
    const known = `${asks.kernel} ${JSON.stringify(participants.map(({ id, tracks }) => [id, tracks?.map(({ filter }) => filter?.label)]))}`;
    if (known !== this.#known) {
      this.#known = known;
      asks.ask({ ask: "list" });
    }
    this.#showFilters();
  }

  /** @param {boolean} all @returns {[string, string][]} */
  #choices(all) {
    const { participants, me } = this.call;
    const own = participants.find(({ id }) => id === me);
    const people = participants.filter(({ id, client }) => client === "browser" && (id === me || all || own?.mayFilter));
    return people.flatMap(({ id, name, tracks }) => {
      const whose = id === me ? "Your" : `${name}’s`;
      const screen = (tracks ?? []).some(({ source, kind, of }) => source === "screen" && kind === "video" && !of);
      /** @type {[string, string][]} */
      const choices = [[`${id}/camera`, `${whose} camera`]];
      return screen ? [...choices, [`${id}/screen`, `${whose} screen`]] : choices;
    });
  }

  /** @returns {Target} */
  get #target() {
    const [participant, source] = this.targets.value.split("/");
    return { participant, source: source === "screen" ? "screen" : "camera" };
  }

  #showFilters() {
    const { asks } = this;
    const { house } = this.call;
    const target = this.#target;
    const on = asks.on.find(({ participant, source = "camera" }) => participant === target.participant && source === target.source);
    const locked = !!on?.locked && !house.hosts;
    const current = on?.locked ? null : (on?.name ?? "");
    /** @type {{ name: string, about?: string, cell?: boolean }[]} */
    const offers = [{ name: "", about: "The picture as it is" }, ...asks.offers];
    if (on?.locked) offers.splice(1, 0, { name: on.label, about: "Set in a cell of the notebook", cell: true });
    keyed(this.list, asks.offers.length || asks.on.length ? offers : [], ({ name, cell }) => `${cell ? "cell" : "offer"} ${name}`, ({ name, about, cell }) => {
      return h("button", { type: "button", class: "rtc-offer", title: about, onclick: () => cell || this.#put(name) }, words(name) || "None");
    }, (button, { name, cell }) => {
      setAttribute(button, "aria-pressed", String(cell ?? name === current));
      /** @type {HTMLButtonElement} */ (button).disabled = locked;
    });
    const said = asks.busy
      ? "The kernel is busy. It does what you asked for as soon as it can."
      : asks.trouble || on?.error || (locked ? "A cell of the notebook put this filter on; a host can change it." : "");
    setText(this.said, said);
    setAttribute(this.said, "data-trouble", !asks.busy && !!(asks.trouble || on?.error));
    keyed(this.controls, on?.controls ?? [], ({ id, kind }) => `${on?.label} ${target.participant} ${id} ${kind}`, (control) => this.#control(control), (row, control) => show(row, control, locked));
  }

  /** @param {string} name */
  #put(name) {
    const { asks } = this;
    asks.ask(name ? { ask: "filter", filter: name, ...this.#target } : { ask: "unfilter", ...this.#target });
  }

  /** @param {FilterControl} control */
  #control({ id, label, kind, choices = [] }) {
    const set = (/** @type {import("./protocol.js").Value} */ value) => this.asks.set({ ask: "control", control: id, value, ...this.#target });
    /** @type {HTMLInputElement | HTMLSelectElement} */
    let field;
    const output = h("span", { class: "rtc-control-value", "aria-hidden": "true" });
    if (kind === "choice") {
      field = h("select", { class: "rtc-field", onchange: () => set(field.value) }, ...choices.map((choice) => h("option", { value: choice }, choice)));
    } else if (kind === "flag") {
      const box = h("input", { type: "checkbox", onchange: () => set(box.checked) });
      field = box;
    } else if (kind === "text") {
      field = h("input", { class: "rtc-field", type: "text", maxlength: 1_000, onchange: () => set(field.value) });
    } else {
      field = h("input", {
        type: "range", class: "rtc-slider",
        oninput: () => {
          setText(output, field.value);
          set(Number(field.value));
        },
      });
    }
    return h("label", { class: `rtc-control rtc-control-${kind}` }, h("span", {}, words(label)), output, field);
  }

  #record() {
    const { asks } = this;
    const { participants } = this.call;
    asks.ask({ ask: "record", active: !participants.some(({ id, recording }) => id === asks.kernel && recording) });
  }

  /** @param {ParticipantInfo[]} kernels */
  #showRecord(kernels) {
    const { asks } = this;
    const { participants, house } = this.call;
    const running = kernels.some(({ id, recording }) => id === asks.kernel && recording);
    this.record.hidden = !house.hosts || !kernels.length;
    setText(this.record, running ? "Stop recording" : "Record");
    setAttribute(this.record, "data-on", running);
    const by = recorders(participants);
    setText(this.recorded, asks.recorded || (by.length ? `${by.join(", ")} records the call.` : ""));
    this.recorded.hidden = !this.recorded.textContent;
  }
}

/** Offers these in a menu, keeping what is chosen. @param {HTMLSelectElement} select @param {[string, string][]} options @param {string | undefined | null} [first] */
function fill(select, options, first) {
  const before = select.value;
  keyed(select, options, ([value]) => value, ([value]) => h("option", { value }), (option, [, text]) => setText(option, text));
  const wanted = options.some(([value]) => value === before) ? before : options.some(([value]) => value === first) ? first : options[0]?.[0];
  if (select.value !== (wanted ?? "")) select.value = wanted ?? "";
}

/** @param {HTMLElement} row @param {FilterControl} control @param {boolean} locked */
function show(row, { kind, value, low, high, step }, locked) {
  const field = /** @type {HTMLInputElement} */ (row.lastElementChild);
  field.disabled = locked;
  if (kind === "range") for (const [name, bound] of Object.entries({ min: low, max: high, step: step || "any" })) setAttribute(field, name, bound);
  if (field.matches(":active") || (kind === "text" && field.matches(":focus"))) return; // somebody is just setting it
  if (kind === "flag") field.checked = value === true;
  else field.value = String(value);
  setText(/** @type {Element} */ (row.children[1]), kind === "range" ? String(value) : "");
}

const SHORT = /\b(fps|qr|rgb)\b/gi;

/** A name in Python as words. @param {string} name */
export function words(name) {
  const apart = name.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`).replaceAll("_", " ");
  return apart.replace(SHORT, (short) => short.toUpperCase()).replace(/^./, (first) => first.toUpperCase());
}
