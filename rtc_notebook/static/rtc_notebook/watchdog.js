// Notices connections over which nothing comes any more, and pictures that stand still, before the browser says so.

/**
 * @typedef {import("./protocol.js").ConnectionName} ConnectionName
 *
 * @typedef {object} WatchdogOptions
 * @property {(connection: ConnectionName) => RTCPeerConnection | null} connection
 * @property {() => void} onquiet nothing has come for longer than it should: a reason to ask the server for a sign of life
 * @property {(connection: ConnectionName) => void} onsilent nothing has come over it for a while
 * @property {(mids: string[]) => void} [onstuck] pictures do not come over these m-lines of the subscribe connection, or are not decoded
 * @property {() => string[]} [flowing] m-lines over which pictures should come
 *
 * @typedef {{ bytes: number, lively: number, looks: number }} Heard
 */

export const EVERY = 500;
const QUIET = 2; // looks in a row
const SILENT = 4;
const LIVELY = 4; // looks in a row with something at each; the SFU says something twice a second at least
const SILENT_OTHERWISE = 7; // an SFU of another kind may say less
const STUCK = 6;
const STARVED = 6;

export class Watchdog {
  /** @type {Map<RTCPeerConnection, Heard>} */ #connections = new Map();
  /** @type {Map<string, { packets: number, frames: number, stands: number, starves: number, said: number, sent: number }>} */ #pictures = new Map();
  #timer;
  #looked = Date.now();

  /** @param {WatchdogOptions} options */
  constructor(options) {
    this.options = options;
    this.#timer = setInterval(() => void this.look().catch(() => {}), EVERY);
  }

  close() {
    clearInterval(this.#timer);
  }

  /** Whether nothing has come over a connection for a moment. @param {RTCPeerConnection | null} connection */
  quiet(connection) {
    return ((connection && this.#connections.get(connection)?.looks) ?? 0) >= QUIET;
  }

  /** Whether something came over a connection all the time, until it fell silent. @param {RTCPeerConnection | null} connection */
  lively(connection) {
    return ((connection && this.#connections.get(connection)?.lively) ?? 0) >= LIVELY;
  }

  /** Looks once. */
  async look() {
    const slept = Date.now() - this.#looked > 3 * EVERY; // this page, not the network: what it missed may be coming
    this.#looked = Date.now();
    for (const name of /** @type {ConnectionName[]} */ (["publish", "subscribe"])) {
      const connection = this.options.connection(name);
      if (!connection || !["connected", "disconnected"].includes(connection.connectionState)) continue;
      const stats = [...(await connection.getStats()).values()];
      if (slept) this.#connections.delete(connection);
      if (this.#silent(connection, stats)) this.options.onsilent(name);
      else if (this.#connections.get(connection)?.looks === QUIET) this.options.onquiet();
      else if (name === "subscribe") this.#watchPictures(stats, slept || this.quiet(connection));
    }
    for (const connection of this.#connections.keys()) {
      if (connection.connectionState === "closed") this.#connections.delete(connection);
    }
  }

  /** @param {RTCPeerConnection} connection @param {any[]} stats */
  #silent(connection, stats) {
    const pairs = stats.filter(({ type }) => type === "candidate-pair");
    const bytes = pairs.reduce((sum, pair) => sum + (pair.bytesReceived ?? 0) + (pair.responsesReceived ?? 0) + (pair.requestsReceived ?? 0), 0);
    const { bytes: before, lively, looks } = this.#connections.get(connection) ?? { bytes: -1, lively: 0, looks: 0 };
    const comes = bytes > before; // less, where the browser has given up a pair and counts it no more
    const now = { bytes, lively: comes ? (looks > 1 ? 1 : lively + 1) : lively, looks: comes ? 0 : looks + 1 };
    this.#connections.set(connection, now);
    return now.looks >= (now.lively >= LIVELY ? SILENT : SILENT_OTHERWISE);
  }

  /** Finds pictures whose packets come and are not decoded, or whose packets alone stay away. @param {any[]} stats @param {boolean} anew */
  #watchPictures(stats, anew) {
    const flowing = this.options.flowing?.() ?? [];
    const stuck = [];
    const ids = new Set(stats.map(({ id }) => id));
    for (const id of this.#pictures.keys()) if (!ids.has(id)) this.#pictures.delete(id);
    const reports = new Map(stats.flatMap((one) => (one.type === "remote-outbound-rtp" ? [[one.localId, one]] : [])));
    for (const { id, type, kind, mid, packetsReceived: packets = 0, framesDecoded: frames = 0 } of stats) {
      if (type !== "inbound-rtp" || kind !== "video") continue;
      const before = anew ? undefined : this.#pictures.get(id);
      const stands = before && packets > before.packets + 2 && frames === before.frames ? before.stands + 1 : 0;
      const { timestamp: said = 0, packetsSent: sent = 0 } = reports.get(id) ?? {};
      const rests = before && said > before.said && sent === before.sent; // the SFU reports that it sends nothing: the way is thin
      const starves = before && !rests && packets === before.packets && packets > 0 && flowing.includes(mid) ? before.starves + 1 : 0;
      const over = stands >= STUCK || starves >= STARVED;
      if (over) stuck.push(mid);
      this.#pictures.set(id, { packets, frames, stands: over ? 0 : stands, starves: over ? 0 : starves, said, sent });
    }
    if (stuck.length) this.options.onstuck?.(stuck);
  }
}
