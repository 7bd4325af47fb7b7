import assert from "node:assert/strict";
import { test } from "node:test";

import { invite } from "../../rtc_notebook/static/rtc_notebook/hosting.js";
import { House } from "../../rtc_notebook/static/rtc_notebook/house.js";

/** @param {...number} ids */
const chat = (...ids) => /** @type {const} */ ({
  type: "chat", lines: ids.map((id) => ({ id, by: id % 2 ? "me" : "other", name: "N", text: String(id), time: 0 })),
});

test("lines from before are not unread, own ones neither, and none comes twice", () => {
  const house = new House(() => {});
  house.entered(false);
  house.take(chat(1, 2), "me");
  assert.equal(house.unread, 0);
  house.take(chat(3), "me");
  house.take(chat(4), "me");
  assert.equal(house.unread, 1);
  house.entered(true); // the same place again: the server says all lines anew
  house.take(chat(1, 2, 3, 4, 6), "me");
  assert.deepEqual(house.lines.map(({ id }) => id), [1, 2, 3, 4, 6]);
  assert.equal(house.unread, 2);
  house.read();
  assert.equal(house.unread, 0);
});

test("another place in the room: its own lines", () => {
  const house = new House(() => {});
  house.entered(false);
  house.take(chat(7, 8), "me");
  house.entered(false);
  house.take(chat(1), "me");
  assert.deepEqual(house.lines.map(({ id }) => id), [1]);
});

test("who is host no more knows no invites", () => {
  const house = new House(() => {});
  const me = { id: "me", name: "N", client: /** @type {const} */ ("browser") };
  const invite = { id: "i", role: /** @type {const} */ ("member"), name: "", expires: 1, uses: null, used: 0, url: "https://h/#t" };
  house.room({ type: "room", revision: 1, participants: [{ ...me, role: "host" }] }, "me");
  house.take({ type: "invites", invites: [invite] }, "me");
  assert.deepEqual([house.hosts, house.invites.length], [true, 1]);
  house.room({ type: "room", revision: 2, participants: [{ ...me, role: "member" }] }, "me");
  assert.deepEqual([house.hosts, house.invites.length], [false, 0]);
});

test("only the answer to the last request is shown", () => {
  /** @type {any[]} */
  const said = [];
  const house = new House((message) => said.push(message));
  const wanted = { role: /** @type {const} */ ("member"), minutes: 60, uses: 1, name: "" };
  invite(house, wanted);
  invite(house, wanted);
  const made = { id: "i", role: /** @type {const} */ ("member"), name: "", expires: 1, uses: 1, used: 0, url: "https://h/#t" };
  house.take({ type: "invited", id: said[0].id, invite: made }, "me");
  assert.equal(house.invited, null);
  house.take({ type: "invited", id: said[1].id, invite: made }, "me");
  assert.equal(house.invited, made);
});
