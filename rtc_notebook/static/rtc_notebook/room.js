// What to show of a room, from its state alone: which tiles there are and which track each of them shows.

/**
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 * @typedef {import("./protocol.js").TrackInfo} TrackInfo
 * @typedef {import("./protocol.js").Source} Source
 *
 * @typedef {object} Tile
 * @property {string} key stable while the tile is
 * @property {string} participant
 * @property {string} name
 * @property {"camera" | "screen" | "kernel"} source
 * @property {string} title what a kernel calls this track of its own
 * @property {boolean} own
 * @property {string | null} track the received track to show; null where there is none, or the local one is shown
 * @property {boolean} local whether the tile shows this browser's own device
 * @property {boolean} mirrored
 * @property {boolean} processed
 * @property {string | null} filteredBy name of the kernel's participant
 * @property {string} label the filter's own name
 * @property {boolean} hand whether the hand is raised
 * @property {"live" | "off" | "starting" | "held" | "away"} content what the room says that there is to see
 * @property {boolean} linked whether its pictures come to the server over a WebSocket
 * @property {boolean} silent whether the microphone is off or missing
 */

const CROWD = 4; // people; with more of them tiles are small
const LARGE_CROWD = 9;

/** The tiles of a room, own camera first. @param {ParticipantInfo[]} participants @param {string | null} me @returns {Tile[]} */
export function tilesOf(participants, me) {
  const names = new Map(participants.map(({ id, name }) => [id, name]));
  const tiles = participants.flatMap((participant) => {
    const tracks = (participant.tracks ?? []).filter(({ kind, of }) => kind === "video" && !of);
    const own = participant.id === me;
    const camera = tracks.find(({ source }) => source === "camera");
    const others = tracks.filter((track) => track !== camera);
    const tiles = others.map((track) => tile(participant, /** @type {Tile["source"]} */ (track.source), track, own, names));
    return participant.client === "kernel" ? tiles : [tile(participant, "camera", camera, own, names), ...tiles];
  });
  return [...tiles.filter((one) => one.own), ...tiles.filter((one) => !one.own)];
}

/**
 * @param {ParticipantInfo} participant @param {Tile["source"]} source @param {TrackInfo | undefined} raw
 * @param {boolean} own @param {Map<string, string>} names
 * @returns {Tile}
 */
function tile(participant, source, raw, own, names) {
  const filter = raw?.filter ?? null;
  const sound = (participant.tracks ?? []).find(({ kind, source, of }) => kind === "audio" && source === "microphone" && !of);
  /** @type {Tile["content"]} */
  let content = "live";
  if (participant.connected === false && !own) content = "away";
  else if (!raw || raw.muted) content = "off";
  else if (filter?.state === "starting") content = "starting";
  else if (filter?.state === "held") content = "held";
  const local = own && !filter && source !== "kernel";
  return {
    key: `${participant.id}/${source}/${raw?.label ?? ""}`,
    participant: participant.id,
    name: participant.name,
    source,
    title: raw?.label ?? "",
    own,
    track: local || !raw ? null : shown(raw),
    local,
    mirrored: local && source === "camera",
    processed: filter !== null,
    filteredBy: filter ? (names.get(filter.by) ?? "a kernel") : null,
    label: filter?.label ?? "",
    content,
    linked: participant.link === "websocket",
    hand: source === "camera" && !!participant.hand,
    silent: source === "camera" && participant.client === "browser" && (!sound || sound.muted === true),
  };
}

/** The track that carries a picture: the processed one where a filter is set, never the raw one then. @param {TrackInfo} raw */
function shown({ id, filter }) {
  if (!filter) return id;
  return filter.state === "active" ? (filter.track ?? null) : null;
}

/** Sound to be heard: everybody's but one's own, as its filter makes it where there is one. @param {ParticipantInfo[]} participants @param {string | null} me */
export function soundsOf(participants, me) {
  return participants
    .filter(({ id }) => id !== me)
    .flatMap(({ tracks }) => (tracks ?? []).filter(({ kind, of }) => kind === "audio" && !of).flatMap((raw) => shown(raw) ?? []));
}

/**
 * Every track that this browser wants to receive: all sound, and the pictures of tiles that are seen.
 * @param {ParticipantInfo[]} participants @param {string | null} me @param {(key: string) => boolean} [seen] @returns {string[]}
 */
export function wantedOf(participants, me, seen = () => true) {
  const pictures = tilesOf(participants, me).flatMap(({ key, track }) => (track && seen(key) ? track : []));
  return [...new Set([...pictures, ...soundsOf(participants, me)])].sort();
}

/** Cameras of people in browsers, as they come from there: their pictures have no reason to stand still. @param {ParticipantInfo[]} participants */
export function camerasOf(participants) {
  const people = participants.filter(({ client, connected }) => client === "browser" && connected !== false);
  return people.flatMap(({ tracks = [] }) => tracks.flatMap(({ id, source, of, muted }) => (source === "camera" && !of && !muted ? id : [])));
}

/**
 * How far the own camera's picture is sent smaller and less often: where many share a page, tiles are small. What a
 * kernel filters is sent as it is.
 * @param {ParticipantInfo[]} participants @param {string | null} me @returns {import("./publisher.js").Limits}
 */
export function limitsOf(participants, me) {
  const people = participants.filter(({ client }) => client === "browser");
  const own = people.find(({ id }) => id === me)?.tracks?.find(({ source, of }) => source === "camera" && !of);
  if (own?.filter || people.length <= CROWD) return {};
  return people.length <= LARGE_CROWD ? { height: 360, maxBitrate: 800_000 } : { height: 360, maxBitrate: 400_000, maxFramerate: 15 };
}

/** Names of the kernels in the room, and how many people there are. @param {ParticipantInfo[]} participants */
export function presence(participants) {
  const kernels = participants.filter(({ client }) => client === "kernel").map(({ name }) => name);
  return { people: participants.length - kernels.length, kernels };
}

/** Names of who keeps what it sees and hears. @param {ParticipantInfo[]} participants */
export function recorders(participants) {
  return participants.filter(({ recording }) => recording).map(({ name }) => name);
}

/** Letters for a tile without a picture. @param {string} name */
export function initials(name) {
  const words = name.replace(/\(\d+\)\s*$/, "").split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";
}

export const COLOURS = 8;

/** One of `count` colours for a name, always the same one. @param {string} name @param {number} count */
export function colourOf(name, count) {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + /** @type {number} */ (letter.codePointAt(0))) % 65_521;
  return hash % count;
}
