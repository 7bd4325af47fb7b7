import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { House } from "../../rtc_notebook/static/rtc_notebook/house.js";
import { Toasts, preview, timely } from "../../rtc_notebook/static/rtc_notebook/toasts.js";

/** @typedef {import("../../rtc_notebook/static/rtc_notebook/protocol.js").ParticipantInfo} ParticipantInfo */

/** @type {any[]} */ let sent = [];
let house = new House(() => {});

beforeEach(() => {
  sent = [];
  house = new House((message) => void sent.push(message));
  house.entered(false);
});

/** @param {{ raised?: string[], waiting?: string[], role?: "host" | "member" }} room */
function room({ raised = [], waiting = [], role = "host" }) {
  const person = (/** @type {string} */ id) => ({ id, name: id.toUpperCase(), client: /** @type {const} */ ("browser"), hand: raised.includes(id) });
  const participants = [{ ...person("me"), role }, person("bo"), person("cy")];
  const door = waiting.map((id) => ({ id, name: id.toUpperCase() }));
  house.room({ type: "room", revision: 1, participants, hands: raised, waiting: role === "host" ? door : [] }, "me");
}
/** @param {string} text @param {string} [by] */
const write = (text, by = "bo") => house.take({ type: "chat", lines: [{ id: house.lines.length + 1, by, name: by.toUpperCase(), text, time: 0 }] }, "me");
const said = (open = "", later = 0) => timely(house, open, Date.now() + later).map(({ kind, who }) => `${kind} ${who}`);

test("a hand that goes up is news, one that was up before or is one's own is not", () => {
  room({ raised: ["bo"] });
  assert.deepEqual(said(), []);
  room({ raised: ["bo", "cy", "me"] });
  assert.deepEqual(said(), ["hand cy"]);
  assert.deepEqual(said("people"), [], "the list says it");
  assert.deepEqual(said("", 10_000), [], "it goes by itself");
  room({ raised: ["bo"] });
  assert.deepEqual(said(), [], "and with the hand");
});

test("hosts are told who knocks, until it is answered", () => {
  room({ waiting: ["dan"] });
  assert.deepEqual(said("chat"), ["knock dan"]);
  room({});
  assert.deepEqual(said(), []);
  room({ waiting: ["dan"], role: "member" });
  assert.deepEqual(said(), []);
});

test("the last line of the chat is shown while the chat is closed", () => {
  room({});
  write("from before");
  write("hello");
  write("again");
  write("mine", "me");
  assert.deepEqual(timely(house, "", Date.now()).map(({ text }) => text), ["again"]);
  assert.deepEqual(said("chat"), []);
  house.read();
  assert.deepEqual(said(), [], "it was read");
  assert.equal(preview("a\n\n  b"), "a b");
  assert.equal([...preview("🎉".repeat(500))].length, 120);
});

test("a toast has what to do about it, waits while somebody is about to click, and goes", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  let changes = 0;
  let hovered = true;
  const place = /** @type {HTMLElement} */ (/** @type {unknown} */ ({ matches: () => hovered }));
  const side = /** @type {any} */ ({ open: "", toggle: (/** @type {string} */ view) => void sent.push(view) });
  const toasts = new Toasts(/** @type {any} */ ({ house }), side, place, () => {
    changes++;
    toasts.lines();
  });
  room({});
  room({ raised: ["cy"], waiting: ["dan"] });
  write("from before");
  write("hello");
  const lines = toasts.lines();
  assert.deepEqual(lines.map(({ text }) => text), ["CY raised a hand", "DAN wants to come in", "BO: hello"]);
  for (const { actions = [] } of lines) actions[0].act();
  assert.deepEqual(sent, [{ type: "lower-hand", participant: "cy" }, { type: "moderate", action: "admit", participant: "dan" }, "chat"]);
  mock.timers.tick(8_000);
  assert.equal(changes, 1);
  assert.equal(toasts.lines().length, 3, "the mouse is over it");
  hovered = false;
  mock.timers.tick(2_000);
  assert.deepEqual(toasts.lines().map(({ text }) => text), ["DAN wants to come in"]);
  toasts.lines()[0].dismiss?.();
  assert.deepEqual(toasts.lines(), []);
  mock.timers.reset();
});
