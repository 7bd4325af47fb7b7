import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decodeClient } from "../../rtc_notebook/static/rtc_notebook/protocol-client.js";
import { ProtocolError, VERSION, decodeServer, encode } from "../../rtc_notebook/static/rtc_notebook/protocol.js";

const DECODERS = { client: decodeClient, server: decodeServer };

for (const [direction, decode] of Object.entries(DECODERS)) {
  /** @type {{ name: string, accept: boolean, message?: unknown, raw?: string }[]} */
  const vectors = JSON.parse(readFileSync(new URL(`../vectors/${direction}.json`, import.meta.url), "utf8"));
  for (const { name, accept, message, raw } of vectors) {
    test(`${direction}: ${name} is ${accept ? "accepted" : "refused"}`, () => {
      const text = raw ?? JSON.stringify(message);
      if (!accept) return assert.throws(() => decode(text), ProtocolError);
      const read = decode(text);
      assert.deepEqual(decode(encode(read)), read);
    });
  }
}

test("the version is the one that Python has", () => {
  const python = readFileSync(new URL("../../rtc_notebook/protocol/base.py", import.meta.url), "utf8");
  assert.equal(VERSION, Number(/^VERSION = (\d+)$/m.exec(python)?.[1]));
});

test("a refusal says where the message is wrong", () => {
  const message = { type: "room", revision: 1, participants: [{ id: "p1", name: 7, client: "browser" }] };
  assert.throws(() => decodeServer(JSON.stringify(message)), /room\.participants\[0\]\.name should be a string/);
});
