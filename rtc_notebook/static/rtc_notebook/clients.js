// The calls that the widgets of this page are in. A call outlives the view that showed it by a moment, so that a cell
// which is run again takes it over and nobody sees a leave and a join. The list is the page's: widgets of another
// evaluation of these modules share it.

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {{ key: string, call: Call, views: number, owner: object, runs?: () => boolean, timer?: ReturnType<typeof setTimeout> }} Client
 */

const GRACE = 1_500;
const GRACE_WITHOUT_KERNEL = 6_000; // a kernel that was started anew first imports things
const LONGEST_RUN = 60_000; // many a cell that is run again imports things, too
const LOOK = 500;
const REGISTRY = Symbol.for("rtc-notebook.clients");

/** @returns {Set<Client>} */
function clients() {
  const page = /** @type {Record<symbol, Set<Client>>} */ (/** @type {unknown} */ (globalThis));
  return (page[REGISTRY] ??= new Set());
}

/** A living call of this room that no widget has use for any more: its views are gone, or its kernel is. @param {string} key @param {object} owner @returns {Client | undefined} */
export function adopt(key, owner) {
  for (const client of clients()) {
    if (client.key !== key || client.owner === owner || !client.call.active) continue;
    if (client.views > 0 && !client.call.kernelGone) continue;
    client.owner = owner;
    client.views = 0; // what shows it elsewhere says that it moved
    return client;
  }
}

/** @param {string} key @param {Call} call @param {object} owner @returns {Client} */
export function register(key, call, owner) {
  const client = { key, call, owner, views: 0 };
  clients().add(client);
  return client;
}

/** A view of its owner's shows this call now. @param {Client} client @param {object} owner */
export function hold(client, owner) {
  if (client.owner !== owner) return;
  client.views += 1;
  clearTimeout(client.timer);
}

/**
 * A view of its owner's is gone; after the last one the call is left, unless another shows it in time.
 * @param {Client} client @param {object} owner @param {() => boolean} [runs] whether the cell that showed it is being run
 */
export function release(client, owner, runs) {
  if (client.owner !== owner) return;
  client.views -= 1;
  client.runs = runs;
  if (client.views === 0) wait(client);
}

/** Its widget is gone; when the kernel is gone too, its cell is most likely being run again. @param {Client} client */
export function abandon(client) {
  if (client.call.kernelGone) wait(client);
  else drop(client);
}

/** @param {Client} client */
function wait(client) {
  clearTimeout(client.timer);
  const begun = Date.now();
  let since = begun;
  const look = () => {
    const now = Date.now();
    if (client.runs?.() && now - begun < LONGEST_RUN) since = now;
    if (now - since >= (client.call.kernelGone ? GRACE_WITHOUT_KERNEL : GRACE)) drop(client);
    else client.timer = setTimeout(look, LOOK);
  };
  client.timer = setTimeout(look, LOOK);
}

/** Leaves now. @param {Client} client */
export function drop(client) {
  clearTimeout(client.timer);
  clients().delete(client);
  if (client.call.active) client.call.leave();
}
