import assert from "node:assert/strict";
import { test } from "node:test";

import { initials, limitsOf, presence, soundsOf, tilesOf, wantedOf } from "../../rtc_notebook/static/rtc_notebook/room.js";

/** @typedef {import("../../rtc_notebook/static/rtc_notebook/protocol.js").ParticipantInfo} ParticipantInfo */
/** @typedef {import("../../rtc_notebook/static/rtc_notebook/protocol.js").TrackInfo} TrackInfo */

/** @param {string} id @param {Partial<TrackInfo>} [more] @returns {TrackInfo} */
const camera = (id, more) => ({ id, kind: "video", source: "camera", ...more });
/** @param {string} id @param {boolean} [muted] @returns {TrackInfo} */
const microphone = (id, muted = false) => ({ id, kind: "audio", source: "microphone", muted });
/** @param {string} id @param {TrackInfo[]} tracks @param {Partial<ParticipantInfo>} [more] @returns {ParticipantInfo} */
const browser = (id, tracks, more) => ({ id, name: id.toUpperCase(), client: "browser", tracks, ...more });
/** @param {TrackInfo[]} tracks @returns {ParticipantInfo} */
const kernel = (...tracks) => ({ id: "k", name: "Ana's kernel", client: "kernel", tracks });
/** @param {"starting" | "active" | "held"} state @param {string | null} [track] */
const filter = (state, track = null) => ({ by: "k", onError: /** @type {const} */ ("pass"), state, track, label: "edges" });

test("one's own tile comes first and shows the own device, mirrored", () => {
  const [mine, other] = tilesOf([browser("b", [camera("tb")]), browser("a", [camera("ta")])], "a");
  assert.deepEqual([mine.own, mine.local, mine.mirrored, mine.track], [true, true, true, null]);
  assert.deepEqual([other.own, other.local, other.mirrored, other.track], [false, false, false, "tb"]);
});

test("while a filter starts nobody asks for the raw picture", () => {
  const room = [browser("a", [camera("raw", { filter: filter("starting") })]), kernel()];
  for (const me of ["a", "b"]) {
    const [tile] = tilesOf(room, me);
    assert.deepEqual([tile.content, tile.track, tile.local, tile.processed], ["starting", null, false, true]);
    assert.deepEqual(wantedOf(room, me), []);
  }
});

test("an active filter's track is shown in place of the raw one, to oneself too and not mirrored", () => {
  const room = [
    browser("a", [camera("raw", { filter: filter("active", "done") })]),
    kernel(camera("done", { of: "raw" })),
  ];
  for (const me of ["a", "b"]) {
    const tiles = tilesOf(room, me);
    assert.equal(tiles.length, 1, "the processed track has no tile of its own");
    assert.deepEqual([tiles[0].content, tiles[0].track, tiles[0].mirrored], ["live", "done", false]);
    assert.deepEqual([tiles[0].filteredBy, tiles[0].label], ["Ana's kernel", "edges"]);
    assert.deepEqual(wantedOf(room, me), ["done"]);
  }
});

test("a held picture is shown to nobody", () => {
  const [tile] = tilesOf([browser("a", [camera("raw", { filter: filter("held") })])], "b");
  assert.deepEqual([tile.content, tile.track], ["held", null]);
});

test("a camera that is off, or was never there, leaves a tile with a name", () => {
  const tiles = tilesOf([browser("a", [camera("ta", { muted: true })]), browser("b", [microphone("mb", true)])], "c");
  assert.deepEqual(tiles.map(({ content, silent }) => [content, silent]), [["off", true], ["off", true]]);
});

test("somebody whose socket broke is away", () => {
  assert.equal(tilesOf([browser("a", [camera("ta")], { connected: false })], "b")[0].content, "away");
});

test("screens and a kernel's own pictures have tiles, kernels as such have none", () => {
  const room = [browser("a", [camera("ta"), { id: "s", kind: "video", source: "screen" }]), kernel()];
  assert.deepEqual(tilesOf(room, "b").map(({ key }) => key), ["a/camera/", "a/screen/"]);
  room[1].tracks = [{ id: "kt", kind: "video", source: "kernel" }];
  assert.deepEqual(tilesOf(room, "b").map(({ key }) => key), ["a/camera/", "a/screen/", "k/kernel/"]);
});

test("everybody's sound is wanted but one's own", () => {
  const room = [browser("a", [microphone("ma")]), browser("b", [microphone("mb")]), kernel(microphone("mk"))];
  assert.deepEqual(soundsOf(room, "a"), ["mb", "mk"]);
  assert.deepEqual(wantedOf(room, "a"), ["mb", "mk"]);
});

test("pictures that are not seen are not wanted, sound is", () => {
  const room = [browser("a", []), browser("b", [camera("tb"), microphone("mb")]), browser("c", [camera("tc")])];
  assert.deepEqual(wantedOf(room, "a", (key) => key === "c/camera/"), ["mb", "tc"]);
  assert.deepEqual(wantedOf(room, "a", () => false), ["mb"]);
});

test("the more people there are, the less each one sends, but for what a kernel works on", () => {
  const people = (/** @type {number} */ count, more = {}) => Array.from({ length: count }, (_, index) => browser(`${index}`, [camera(`t${index}`, more)]));
  assert.deepEqual(limitsOf([...people(4), kernel()], "0"), {});
  assert.deepEqual(limitsOf(people(5), "0"), { height: 360, maxBitrate: 800_000 });
  assert.deepEqual(limitsOf(people(20), "0"), { height: 360, maxBitrate: 400_000, maxFramerate: 15 });
  assert.deepEqual(limitsOf(people(20, { filter: filter("starting") }), "0"), {});
});

test("presence counts people and names kernels", () => {
  assert.deepEqual(presence([browser("a", []), browser("b", []), kernel()]), { people: 2, kernels: ["Ana's kernel"] });
});

test("initials", () => {
  assert.deepEqual(["Ana", "Ana María Gómez", "Guest (2)", "名前", ""].map(initials), ["A", "AG", "G", "名", "?"]);
});
