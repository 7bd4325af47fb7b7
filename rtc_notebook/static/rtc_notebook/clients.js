// The calls that the widgets of this page are in. A call outlives the view that showed it by a moment, so that a cell
// which is run again takes it over and nobody sees a leave and a join. The list is the page's: widgets of another
// evaluation of these modules share it.

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {{ key: string, call: Call, views: number, owner: object, timer?: ReturnType<typeof setTimeout> }} Client
 */

const GRACE = 1_500;
const GRACE_WITHOUT_KERNEL = 4_500; // a kernel that was started anew first imports things
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
    return client;
  }
}

/** @param {string} key @param {Call} call @param {object} owner @returns {Client} */
export function register(key, call, owner) {
  const client = { key, call, owner, views: 0 };
  clients().add(client);
  return client;
}

/** A view shows this call now. @param {Client} client */
export function hold(client) {
  client.views += 1;
  clearTimeout(client.timer);
}

/** A view is gone; after the last one the call is left, unless another shows it in time. @param {Client} client */
export function release(client) {
  client.views -= 1;
  if (client.views > 0) return;
  clearTimeout(client.timer);
  // When the kernel goes too, the cell is most likely being run again.
  const after = () => {
    if (client.call.kernelGone) client.timer = setTimeout(() => drop(client), GRACE_WITHOUT_KERNEL);
    else drop(client);
  };
  client.timer = setTimeout(after, GRACE);
}

/** Leaves now. @param {Client} client */
export function drop(client) {
  clearTimeout(client.timer);
  clients().delete(client);
  if (client.call.active) client.call.leave();
}
