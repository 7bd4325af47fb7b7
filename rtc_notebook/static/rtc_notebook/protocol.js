// The signaling protocol for browsers: the same messages as rtc_notebook/protocol/, which specifies them.
// tests/vectors/*.json holds what both must accept and what both must refuse. What a server is told is checked by it;
// protocol-client.js has that half.

import {
  ProtocolError, refuse, text, integer, number, flag, oneOf, orNull, listOf, isObject, isRecord, mapOf, record, tagged, when,
} from "./checks.js";

/**
 * @typedef {"audio" | "video"} Kind
 * @typedef {"camera" | "microphone" | "screen" | "kernel"} Source
 * @typedef {"publish" | "subscribe"} ConnectionName
 * @typedef {{ by: string, onError: "pass" | "hold", state: "starting" | "active" | "held", track?: string | null,
 *   label?: string }} FilterInfo
 * @typedef {{ id: string, kind: Kind, source: Source, muted?: boolean, of?: string | null,
 *   label?: string, filter?: FilterInfo | null }} TrackInfo
 * @typedef {{ id: string, name: string, client: "browser" | "kernel", user?: string | null, connected?: boolean,
 *   widgetOf?: string | null, recording?: boolean, link?: "webrtc" | "websocket", role?: Role, mayFilter?: boolean, guest?: boolean, hand?: boolean,
 *   tracks?: TrackInfo[] }} ParticipantInfo
 * @typedef {"host" | "member" | "viewer"} Role
 * @typedef {{ id: string, name: string }} WaitingInfo
 * @typedef {{ id: string, role: Role, name: string, expires: number, uses: number | null, used: number, url: string,
 *   hint?: string, qr?: string }} InviteInfo
 * @typedef {{ id: number, by: string, name: string, text: string, time: number }} ChatLine
 * @typedef {{ urls: string[], username?: string | null, credential?: string | null }} IceServer
 * @typedef {{ iceServers?: IceServer[], iceTransportPolicy?: "all" | "relay",
 *   mediaLink?: "auto" | "webrtc" | "websocket", startBitrate?: number, maxBitrate?: number }} MediaSettings
 * @typedef {{ candidate: string, sdpMid?: string | null, sdpMLineIndex?: number | null,
 *   usernameFragment?: string | null }} IceCandidate
 * @typedef {{ source: Source, muted?: boolean, of?: string | null, label?: string }} TrackDescription
 * @typedef {{ shape: "box", x: number, y: number, width: number, height: number, label?: string, colour?: string,
 *   line?: number, fill?: number }} Box
 * @typedef {{ shape: "polyline", points: [number, number][], closed?: boolean, colour?: string, line?: number,
 *   fill?: number }} Polyline
 * @typedef {{ shape: "text", x: number, y: number, text: string, colour?: string, size?: number }} Text
 * @typedef {{ shape: "mask", png: string, x?: number, y?: number, width?: number, height?: number, colour?: string,
 *   opacity?: number }} Mask
 * @typedef {Box | Polyline | Text | Mask} Shape
 * @typedef {"camera" | "screen" | "microphone"} Filterable
 * @typedef {"camera" | "screen" | "kernel"} Drawable
 *
 * @typedef {{ type: "hello", version: number, client: "browser" | "kernel", clientVersion: string,
 *   name?: string | null, session?: string | null, call?: string | null, heard?: number | null }} Hello
 * @typedef {{ type: "publish", id: number, sdp: string, tracks: Record<string, TrackDescription> }} Publish
 * @typedef {{ type: "publish-link", id: number, kinds: Record<string, Kind>,
 *   tracks: Record<string, TrackDescription> }} PublishLink
 * @typedef {{ type: "subscribe", tracks: string[], link?: boolean }} Subscribe
 * @typedef {{ type: "offer-answer", id: number, sdp: string }} OfferAnswer
 * @typedef {{ type: "candidate", connection: ConnectionName, candidate: IceCandidate }} Candidate
 * @typedef {{ type: "mute", track: string, muted: boolean }} Mute
 * @typedef {{ type: "set-filter", participant: string, source?: Filterable, onError?: "pass" | "hold",
 *   label?: string, id?: number | null }} SetFilter
 * @typedef {{ type: "clear-filter", participant: string, source?: Filterable }} ClearFilter
 * @typedef {{ participant: string, shapes: Shape[], source?: Drawable, label?: string, captured?: number,
 *   seconds?: number }} Drawing
 * @typedef {Drawing & { type: "draw-overlay" }} DrawOverlay
 * @typedef {{ type: "send-data", id: number, part: number, parts: number, data: string, to?: string | null }} SendData
 * @typedef {{ type: "set-recording", active: boolean }} SetRecording
 * @typedef {{ type: "get-stats", id: number }} GetStats
 * @typedef {{ type: "restart", connection: ConnectionName }} Restart
 * @typedef {{ type: "pair", call: string }} Pair
 * @typedef {{ type: "set-role", participant: string, role?: Role | null, mayFilter?: boolean | null }} SetRole
 * @typedef {{ type: "moderate", action: "mute" | "remove" | "admit", participant: string }} Moderate
 * @typedef {{ type: "mute-all" }} MuteAll
 * @typedef {{ type: "set-lock", locked: boolean }} SetLock
 * @typedef {{ type: "set-hand", raised: boolean }} SetHand
 * @typedef {{ type: "lower-hand", participant: string }} LowerHand
 * @typedef {{ type: "end-room" }} EndRoom
 * @typedef {{ type: "send-chat", text: string }} SendChat
 * @typedef {"👍" | "❤️" | "👏" | "😂" | "😮" | "🎉"} Emoji
 * @typedef {{ type: "send-reaction", emoji: Emoji }} SendReaction
 * @typedef {boolean | number | string} Value
 * @typedef {{ ask: "list" } | { ask: "filter", participant: string, filter: string, source?: "camera" | "screen" } |
 *   { ask: "unfilter", participant: string, source?: "camera" | "screen" } |
 *   { ask: "control", participant: string, control: string, value: Value, source?: "camera" | "screen" } |
 *   { ask: "record", active: boolean }} Ask
 * @typedef {{ id: string, label: string, kind: "range" | "flag" | "choice" | "text", value: Value, low?: number,
 *   high?: number, step?: number, choices?: string[] }} FilterControl
 * @typedef {{ name: string, about?: string, own?: boolean }} FilterOffer
 * @typedef {{ participant: string, label: string, source?: "camera" | "screen", name?: string, locked?: boolean,
 *   error?: string, controls?: FilterControl[] }} FilterOn
 * @typedef {{ id: number, error?: string, offers?: FilterOffer[], on?: FilterOn[], recording?: string | null }} Told
 * @typedef {{ type: "ask-kernel", id: number, kernel: string, ask: Ask }} AskKernel
 * @typedef {Told & { type: "answer-ask", open?: boolean }} AnswerAsk
 * @typedef {{ type: "create-invite", id: number, role?: Role, minutes?: number, uses?: number | null, name?: string }} CreateInvite
 * @typedef {{ type: "revoke-invite", invite: string, remove?: boolean }} RevokeInvite
 * @typedef {{ type: "leave" }} Leave
 * @typedef {{ type: "heard", count: number }} Heard
 * @typedef {Hello | Publish | PublishLink | Subscribe | OfferAnswer | Candidate | Mute | SetFilter | ClearFilter | DrawOverlay |
 *   SendData | SetRecording | GetStats | Restart | Pair | SetRole | Moderate | MuteAll | SetLock | SetHand | LowerHand |
 *   EndRoom | SendChat | SendReaction | AskKernel | AnswerAsk | CreateInvite | RevokeInvite | Leave | Heard} ClientMessage
 *
 * @typedef {{ type: "welcome", version: number, serverVersion: string, participant: string, session: string,
 *   resumed: boolean, room: string, media: MediaSettings, heard?: number }} Welcome
 * @typedef {{ type: "room", revision: number, participants: ParticipantInfo[], locked?: boolean,
 *   waiting?: WaitingInfo[], hands?: string[] }} RoomState
 * @typedef {{ type: "publish-answer", id: number, sdp: string, tracks: Record<string, string> }} PublishAnswer
 * @typedef {{ type: "offer", id: number, connectionId: number, sdp: string, tracks: Record<string, string> }} Offer
 * @typedef {{ type: "restarted", connections: ConnectionName[] }} Restarted
 * @typedef {Drawing & { type: "overlay", by: string }} Overlay
 * @typedef {{ type: "data", by: string, id: number, part: number, parts: number, data: string }} Data
 * @typedef {{ type: "stats", id: number, stats: Record<string, unknown> }} Stats
 * @typedef {{ type: "waiting", room: string, message: string }} Waiting
 * @typedef {{ type: "chat", lines: ChatLine[] }} Chat
 * @typedef {{ type: "reaction", by: string, emoji: Emoji }} Reaction
 * @typedef {{ type: "asked", id: number, by: string, ask: Ask, host?: boolean }} Asked
 * @typedef {Told & { type: "answer" }} Answer
 * @typedef {{ type: "invites", invites: InviteInfo[] }} Invites
 * @typedef {{ type: "invited", id: number, invite: InviteInfo }} Invited
 * @typedef {{ type: "error", code: string, message: string, about?: string | null, id?: number | null }} ErrorMessage
 * @typedef {{ type: "bye", code: string, message: string }} Bye
 * @typedef {Welcome | RoomState | PublishAnswer | Offer | Candidate | Restarted | Overlay | Data | Stats |
 *   Waiting | Chat | Reaction | Asked | Answer | Invites | Invited | ErrorMessage | Bye | Heard} ServerMessage
 */

/** @typedef {import("./checks.js").Check} Check */

export { ProtocolError };

export const VERSION = 1;

export const type = text; // which one has been looked at already
export const client = oneOf("browser", "kernel");
export const connection = oneOf("publish", "subscribe");
export const onError = oneOf("pass", "hold");
export const source = oneOf("camera", "microphone", "screen", "kernel");
const filter = record(
  { by: text, onError, state: oneOf("starting", "active", "held") },
  { track: orNull(text), label: text },
);
const track = record(
  { id: text, kind: oneOf("audio", "video"), source },
  { muted: flag, of: orNull(text), label: text, filter: orNull(filter) },
);
export const role = oneOf("host", "member", "viewer");
const participant = record(
  { id: text, name: text, client },
  {
    user: orNull(text), connected: flag, widgetOf: orNull(text), recording: flag, role, mayFilter: flag, guest: flag,
    hand: flag, link: oneOf("webrtc", "websocket"), tracks: listOf(track),
  },
);
const invite = record(
  { id: text, role, name: text, expires: number, uses: orNull(integer), used: integer, url: text },
  { hint: text, qr: text },
);
const chatLine = record({ id: integer, by: text, name: text, text, time: number });
const iceServer = record({ urls: listOf(text) }, { username: orNull(text), credential: orNull(text) });
const media = record({}, {
  iceServers: listOf(iceServer), iceTransportPolicy: oneOf("all", "relay"), mediaLink: oneOf("auto", "webrtc", "websocket"),
  startBitrate: integer, maxBitrate: integer,
});
const iceCandidate = record(
  { candidate: text },
  { sdpMid: orNull(text), sdpMLineIndex: orNull(integer), usernameFragment: orNull(text) },
);
/** @type {Check} */
const point = (value, path) => {
  listOf(number)(value, path);
  if (/** @type {unknown[]} */ (value).length !== 2) refuse(path, "two numbers");
};
/** @type {Record<string, Check>} */
const SHAPES = {
  box: record(
    { shape: text, x: number, y: number, width: number, height: number },
    { label: text, colour: text, line: number, fill: number },
  ),
  polyline: record(
    { shape: text, points: listOf(point) },
    { closed: flag, colour: text, line: number, fill: number },
  ),
  text: record({ shape: text, x: number, y: number, text }, { colour: text, size: number }),
  mask: record(
    { shape: text, png: text },
    { x: number, y: number, width: number, height: number, colour: text, opacity: number },
  ),
};
const shape = tagged("shape", SHAPES);
export const emoji = oneOf("👍", "❤️", "👏", "😂", "😮", "🎉");
const value = when((one) => ["boolean", "number", "string"].includes(typeof one), "a number, a text, true or false");
const on = { source: oneOf("camera", "screen") };
/** @type {Record<string, Check>} */
const ASKS = {
  list: record({ ask: text }),
  filter: record({ ask: text, participant: text, filter: text }, on),
  unfilter: record({ ask: text, participant: text }, on),
  control: record({ ask: text, participant: text, control: text, value }, on),
  record: record({ ask: text, active: flag }),
};
export const ask = tagged("ask", ASKS);
const control = record(
  { id: text, label: text, kind: oneOf("range", "flag", "choice", "text"), value },
  { low: number, high: number, step: number, choices: listOf(text) },
);
export const told = {
  error: text,
  offers: listOf(record({ name: text }, { about: text, own: flag })),
  on: listOf(record(
    { participant: text, label: text },
    { ...on, name: text, locked: flag, error: text, controls: listOf(control) },
  )),
  recording: orNull(text),
};
export const drawing = { participant: text, shapes: listOf(shape) };
export const drawingMore = { source: oneOf("camera", "screen", "kernel"), label: text, captured: number, seconds: number };
export const candidate = record({ type, connection, candidate: iceCandidate });

/** @type {Record<string, Check>} */
const SERVER = {
  welcome: record(
    { type, version: integer, serverVersion: text, participant: text, session: text, resumed: flag, room: text, media },
    { heard: integer },
  ),
  room: record(
    { type, revision: integer, participants: listOf(participant) },
    { locked: flag, hands: listOf(text), waiting: listOf(record({ id: text, name: text })) },
  ),
  "publish-answer": record({ type, id: integer, sdp: text, tracks: mapOf(text) }),
  offer: record({ type, id: integer, connectionId: integer, sdp: text, tracks: mapOf(text) }),
  candidate,
  restarted: record({ type, connections: listOf(connection) }),
  overlay: record({ type, by: text, ...drawing }, drawingMore),
  data: record({ type, by: text, id: integer, part: integer, parts: integer, data: text }),
  stats: record({ type, id: integer, stats: isRecord }),
  waiting: record({ type, room: text, message: text }),
  chat: record({ type, lines: listOf(chatLine) }),
  reaction: record({ type, by: text, emoji }),
  asked: record({ type, id: integer, by: text, ask }, { host: flag }),
  answer: record({ type, id: integer }, told),
  invites: record({ type, invites: listOf(invite) }),
  invited: record({ type, id: integer, invite }),
  error: record({ type, code: text, message: text }, { about: orNull(text), id: orNull(integer) }),
  bye: record({ type, code: text, message: text }),
  heard: record({ type, count: integer }),
};

const UNCOUNTED = new Set(["hello", "welcome", "waiting", "leave", "bye", "heard", "draw-overlay", "overlay"]);

/** Whether a message is said again on the next socket if it was not heard on this one. @param {{ type: string }} message */
export const counted = ({ type }) => !UNCOUNTED.has(type);

/** @param {Record<string, Check>} table @param {string} data @returns {any} */
export function decode(table, data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch (error) {
    throw new ProtocolError("bad-json", `The message is not JSON: ${/** @type {Error} */ (error).message}.`);
  }
  if (!isObject(message)) refuse("it", "an object");
  const name = message.type;
  if (typeof name !== "string" || !Object.hasOwn(table, name)) refuse("type", Object.keys(table).join(" or "));
  table[name](message, name);
  return message;
}

/** @param {string} data @returns {ServerMessage} */
export const decodeServer = (data) => decode(SERVER, data);

/** @param {ClientMessage | ServerMessage} message */
export const encode = (message) => JSON.stringify(message);
