// The half of the protocol that browsers only send: pages have no need of these checks, the tests hold them to the vectors.

import { flag, integer, listOf, mapOf, number, oneOf, orNull, record, text } from "./checks.js";
import { ask, candidate, client, connection, decode, drawing, drawingMore, emoji, onError, role, source, told, type } from "./protocol.js";

/** @typedef {import("./checks.js").Check} Check */

const filtered = oneOf("camera", "screen", "microphone");
const description = record({ source }, { muted: flag, of: orNull(text), label: text });

/** @type {Record<string, Check>} */
const CLIENT = {
  hello: record(
    { type, version: integer, client, clientVersion: text },
    { name: orNull(text), session: orNull(text), call: orNull(text), heard: orNull(integer) },
  ),
  publish: record({ type, id: integer, sdp: text, tracks: mapOf(description) }),
  "publish-link": record({
    type, id: integer, kinds: mapOf(oneOf("audio", "video")), tracks: mapOf(description),
  }),
  subscribe: record({ type, tracks: listOf(text) }, { link: flag }),
  "offer-answer": record({ type, id: integer, sdp: text }),
  candidate,
  mute: record({ type, track: text, muted: flag }),
  "set-filter": record({ type, participant: text }, { source: filtered, onError, label: text, id: orNull(integer) }),
  "clear-filter": record({ type, participant: text }, { source: filtered }),
  "draw-overlay": record({ type, ...drawing }, drawingMore),
  "send-data": record({ type, id: integer, part: integer, parts: integer, data: text }, { to: orNull(text) }),
  "set-recording": record({ type, active: flag }),
  "get-stats": record({ type, id: integer }),
  restart: record({ type, connection }),
  pair: record({ type, call: text }),
  "set-role": record({ type, participant: text }, { role: orNull(role), mayFilter: orNull(flag) }),
  moderate: record({ type, action: oneOf("mute", "remove", "admit"), participant: text }),
  "mute-all": record({ type }),
  "set-lock": record({ type, locked: flag }),
  "set-hand": record({ type, raised: flag }),
  "lower-hand": record({ type, participant: text }),
  "end-room": record({ type }),
  "send-chat": record({ type, text }),
  "send-reaction": record({ type, emoji }),
  "ask-kernel": record({ type, id: integer, kernel: text, ask }),
  "answer-ask": record({ type, id: integer }, { ...told, open: flag }),
  "create-invite": record({ type, id: integer }, { role, minutes: number, uses: orNull(integer), name: text }),
  "revoke-invite": record({ type, invite: text }, { remove: flag }),
  leave: record({ type }),
  heard: record({ type, count: integer }),
};

/** @param {string} data @returns {import("./protocol.js").ClientMessage} */
export const decodeClient = (data) => decode(CLIENT, data);
