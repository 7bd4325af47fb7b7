// The place in a room that this page had before it was loaded again: kept from one to the other, and nowhere else.

/** @typedef {{ session: string, camera: boolean, microphone: boolean, at: number }} Remembered */

const PREFIX = "rtc-notebook:place:";
const GOOD_FOR = 60_000;

/** @param {string} key @param {Omit<Remembered, "at">} place */
export function remember(key, place) {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify({ ...place, at: Date.now() }));
  } catch {
    // a page without storage comes back as somebody new
  }
}

/** Whether this page was loaded again; who comes by a link is not who was here before. */
function reloaded() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (globalThis.performance?.getEntriesByType?.("navigation") ?? []);
  return entry?.type === "reload";
}

/** @param {string} key @param {boolean} [keep] @returns {Remembered | null} */
function read(key, keep) {
  try {
    const place = JSON.parse(sessionStorage.getItem(PREFIX + key) ?? "null");
    if (!keep) sessionStorage.removeItem(PREFIX + key);
    return place && reloaded() && Date.now() - place.at < GOOD_FOR ? place : null;
  } catch {
    return null;
  }
}

/** Whether there is one, of a call page. @param {string} url */
export const remembers = (url) => read(`${url} `, true) !== null;

/** Takes it out: a copy of this tab must not have it, too. @param {string} key */
export const recall = (key) => read(key);
