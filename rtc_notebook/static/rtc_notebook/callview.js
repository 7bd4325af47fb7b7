// A call as people see it: tiles, controls, and words where there is something to say.

import { Controls } from "./controls.js";
import { DeviceMenu } from "./devicemenu.js";
import { h, keyed, setAttribute, setText, style } from "./dom.js";
import { icon } from "./icons.js";
import { loader } from "./loader.js";
import { Reactions } from "./reactions.js";
import { awaitKeys } from "./keys.js";
import { Later } from "./later.js";
import { recorders } from "./room.js";
import { Side } from "./side.js";
import { Stage } from "./stage.js";
import { ViewMenu } from "./viewmenu.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {{ label: string, act: () => void }} Action
 * @typedef {{ id: string, level: string, text: string, actions?: Action[], dismiss?: () => void }} Line
 */

const marks = loader("recordmark.js", () => import("./recordmark.js"));
const speech = loader("voices.js", () => import("./voices.js"));
const locks = loader("wakelock.js", () => import("./wakelock.js"));
const figures = loader("statisticsview.js", () => import("./statisticsview.js"));
const keys = loader("shortcutsdialog.js", () => import("./shortcutsdialog.js"));
const news = loader("toasts.js", () => import("./toasts.js"));
const LISTENS = 2_000; // milliseconds
const SETTLES = 5_000;

export class CallView {
  /** Whether the call has been on for long enough to hear who speaks. */ listening = false;
  /** Whether it has been on for a while. */ settled = false;
  /** @type {ReturnType<typeof setTimeout>[]} */ #timers = [];

  /** @param {Call} call @param {{ tab: boolean, rejoin: () => void, rejoinable?: boolean, leftText?: string }} options */
  constructor(call, options) {
    this.call = call;
    this.options = options;
    this.side = new Side(call, () => this.#sayLines());
    this.stage = new Stage({ onmore: () => this.side.peopleButton.click() });
    this.view = new ViewMenu(this);
    this.menu = new DeviceMenu(call);
    this.reactions = new Reactions(call, () => this.stage.element);
    this.controls = new Controls(call, { ...options, invite: () => void this.side.invite() }, [this.menu.flip, this.menu.button, this.reactions.button, ...this.side.buttons, this.view.button]);
    this.lines = h("div", { class: "rtc-lines", role: "status", "aria-live": "polite" });
    this.hear = h(
      "button",
      { type: "button", class: "rtc-hear", onclick: () => call.sound.unblock() },
      icon("sound"),
      "Click to hear the others",
    );
    this.recording = h("div", { class: "rtc-record-place" });
    this.later = new Later(() => this.update());
    this.title = h("h2", { class: "rtc-panel-title" });
    this.text = h("p", { class: "rtc-panel-text" });
    this.again = h("button", { type: "button", class: "rtc-primary", onclick: () => options.rejoin() }, "Rejoin");
    this.check = h("button", { type: "button", class: "rtc-quiet", onclick: () => void this.side.examine() }, "What works from here");
    this.panel = h(
      "div",
      { class: "rtc-panel", role: "status" },
      h("div", { class: "rtc-spinner", "aria-hidden": "true" }),
      this.title,
      this.text,
      this.again,
      this.check,
    );
    /** @type {import("./shortcutsdialog.js").ShortcutsDialog | null} */ this.shortcuts = null;
    this.element = h(
      "div",
      { class: "rtc-call", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      h(
        "div",
        { class: "rtc-body" },
        h("div", { class: "rtc-main" }, this.stage.element, this.panel, this.recording, this.lines, this.hear, this.reactions.element, this.menu.element, this.view.element),
        this.side.element,
      ),
      this.controls.element,
    );
    this.unlisten = awaitKeys(this, !options.tab); // on a page of its own the keys are the call's wherever the focus is
    this.stop = call.subscribe(() => this.update());
    this.update();
  }

  update() {
    const { call } = this;
    const waiting = call.phase === "idle" || (call.phase === "connecting" && call.participants.length === 0);
    const over = call.phase === "left" || call.phase === "ended";
    setAttribute(this.element, "data-phase", call.phase);
    this.panel.hidden = !(waiting || over);
    this.again.hidden = !over || this.options.rejoinable === false;
    setAttribute(this.panel, "data-waiting", waiting);
    const atTheDoor = waiting && call.atTheDoor;
    const ended = call.phase === "left" ? "You left the call" : call.denied ? "You were not let in" : "The call has ended";
    setText(this.title, atTheDoor ? "Waiting to be let in" : over ? ended : "Joining…");
    setText(this.again, call.denied ? "Ask again" : "Rejoin");
    setText(this.text, call.message || (over ? (this.options.leftText ?? "") : ""));
    this.stage.element.hidden = waiting || over;
    this.controls.element.hidden = over;
    this.hear.hidden = !call.sound.blocked || over;
    this.stage.update(call);
    this.controls.update();
    this.menu.update();
    this.view.update();
    this.side.update();
    this.reactions.update();
    this.#beginLate();
    this.#sayLines();
  }

  /** What a call does not begin with. */
  #beginLate() {
    const { call, later } = this;
    if (call.phase === "connected" && !this.#timers.length) {
      this.#timers = [setTimeout(() => this.#pass("listening"), LISTENS), setTimeout(() => this.#pass("settled"), SETTLES)];
    }
    later.get("recording", recorders(call.participants).length > 0, async () => {
      const [{ RecordMark }] = await Promise.all([marks.get(), style("recordmark.css")]);
      const mark = new RecordMark(call);
      this.recording.append(mark.mark, mark.said);
      return mark;
    });
    if (this.settled && call.speaking && call.sound.tracks.length) call.listenForEchoes();
    this.stage.voices = later.get("voices", this.listening, async () => new (await speech.get()).Voices(call, () => this.stage.place()));
    later.get("awake", this.settled, async () => new (await locks.get()).WakeLock(call));
    later.get("statistics", this.settled || this.view.statistics, async () => {
      const [{ StatisticsView }] = await Promise.all([figures.get(), style("statistics.css")]);
      return new StatisticsView(this);
    });
    later.update();
  }

  /** The first seconds of a connection are no measure of it, and no screen falls asleep in them. @param {"listening" | "settled"} what */
  #pass(what) {
    this[what] = true;
    this.update();
  }

  close() {
    this.stop();
    this.unlisten();
    for (const timer of this.#timers) clearTimeout(timer);
    this.later.close();
    this.menu.close();
    this.view.close();
    this.stage.close();
    this.reactions.close();
    this.element.remove();
  }

  async toggleShortcuts() {
    const [{ ShortcutsDialog }] = await Promise.all([keys.get(), style("shortcuts.css"), style("devices.css"), style("side.css")]);
    if (!this.shortcuts) {
      this.shortcuts = new ShortcutsDialog();
      this.element.append(this.shortcuts.element);
    }
    this.shortcuts.toggle();
  }

  /** @param {KeyboardEvent} event */
  #key({ key, target }) {
    if (key === "Escape" && !(/** @type {Element} */ (target).closest("dialog"))) this.side.close();
  }

  #sayLines() {
    const { call } = this;
    /** @type {Line[]} */
    const lines = [];
    if (call.phase === "reconnecting") {
      lines.push({ id: "reconnecting", level: "warning", text: call.message || "Connection lost. Reconnecting…" });
    }
    if (call.kernelGone && call.phase === "connected") {
      lines.push({ id: "kernel", level: "warning", text: "The kernel has stopped; run the cell again." });
    }
    const { sameRoom } = call;
    if (sameRoom?.echo) {
      const actions = [{ label: "Mute mine", act: () => void call.setMicrophone(false) }];
      lines.push({ id: "echo", level: "warning", text: sameRoom.text, actions, dismiss: () => sameRoom.dismiss() });
    }
    for (const { device, kind, message } of call.problems) {
      // A widget joins without a look in the mirror: what there is to choose from is one click away.
      const actions = kind === "insecure" ? [] : [{ label: "Try again", act: () => this.#retry(device) }, { label: "Choose another", act: () => void this.menu.toggle(true) }];
      lines.push({ id: device, level: "warning", text: message, actions, dismiss: () => call.dismiss(device) });
    }
    if (call.soundOnly && call.phase === "connected") {
      const actions = [{ label: "Show pictures", act: () => call.setSoundOnly(false) }];
      lines.push({ id: "sound-only", level: "info", text: "Sound only: you receive no pictures.", actions });
    }
    for (const notice of call.notices) lines.push({ ...notice, dismiss: () => call.dismiss(notice.id) });
    keyed(this.lines, [...lines, ...this.#news()], ({ id, text }) => `${id} ${text}`, line);
  }

  /** @returns {Line[]} */
  #news() {
    const { call } = this;
    if (call.phase !== "connected") return [];
    const toasts = this.later.get("toasts", call.house.news.length > 0, async () => {
      return new (await news.get()).Toasts(call, this.side, this.lines, () => this.#sayLines());
    });
    return toasts?.lines() ?? [];
  }

  /** @param {string} device */
  #retry(device) {
    if (device === "camera") void this.call.setCamera(true);
    else if (device === "microphone") void this.call.setMicrophone(true);
  }
}

/** @param {Line} line */
function line({ level, text, actions = [], dismiss }) {
  const close = dismiss && h("button", { type: "button", class: "rtc-line-close", "aria-label": "Dismiss", title: "Dismiss", onclick: dismiss }, icon("close"));
  const buttons = actions.map(({ label, act }) => h("button", { type: "button", class: "rtc-line-retry", onclick: act }, label));
  return h(
    "div",
    { class: "rtc-line", "data-level": level },
    h("span", { class: "rtc-line-text" }, text),
    h("span", { class: "rtc-line-actions" }, ...buttons, close ?? null),
  );
}
