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

/** Whether there is one, of a call page. @param {string} url */
export function remembers(url) {
  try {
    return reloaded() && sessionStorage.getItem(`${PREFIX}${url} `) !== null;
  } catch {
    return false;
  }
}

/** Takes it out: a copy of this tab must not have it, too. @param {string} key @returns {Remembered | null} */
export function recall(key) {
  try {
    const place = JSON.parse(sessionStorage.getItem(PREFIX + key) ?? "null");
    sessionStorage.removeItem(PREFIX + key);
    return place && reloaded() && Date.now() - place.at < GOOD_FOR ? place : null;
  } catch {
    return null;
  }
}
