import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { ice } from "../../rtc_notebook/static/rtc_notebook/doctor.js";

const STUN = "stun:stun.example.org";
const TURN = "turn:turn.example.org";
const OWN = { type: "host", address: "10.0.0.5" };

/** What a browser tells of while it asks: candidates, an error, and null when it is done. @type {(object | null | "error")[]} */
let tells = [];

class FakeConnection {
  onicecandidateerror = /** @type {(() => void) | null} */ (null);
  onicecandidate = /** @type {((event: object) => void) | null} */ (null);
  createDataChannel() {}
  close() {
    this.onicecandidate = null;
  }
  async setLocalDescription() {
    for (const told of tells) {
      if (told === "error") this.onicecandidateerror?.();
      else this.onicecandidate?.({ candidate: told });
    }
  }
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, { RTCPeerConnection: FakeConnection });
});
afterEach(() => mock.timers.reset());

/** @param {string} url @param {typeof tells} telling */
async function found(url, ...telling) {
  tells = telling;
  const asked = ice({ iceServers: [{ urls: [url] }] });
  await Promise.resolve();
  mock.timers.tick(6_000);
  const [{ verdict, text }] = await asked;
  return `${verdict}: ${text.split(/[:,] /)[0]}`;
}

test("a STUN server's answer is told from its silence", async () => {
  assert.equal(await found(STUN, OWN, { type: "srflx", address: "203.0.113.7" }), "ok: gives the address 203.0.113.7");
  assert.equal(await found(STUN, OWN, null), "ok: answers");
  assert.equal(await found(STUN, OWN, "error", null), "note: no answer");
  assert.equal(await found(STUN, OWN), "note: no answer");
});

test("a TURN server gives an address or fails", async () => {
  assert.equal(await found(TURN, { type: "relay", address: "203.0.113.8" }), "ok: gives the address 203.0.113.8");
  assert.equal(await found(TURN, null), "fail: gives no address from here");
  assert.equal(await found(TURN), "fail: gives no address from here");
});
