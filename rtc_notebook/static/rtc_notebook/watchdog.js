// Notices connections over which nothing comes any more, and pictures that stand still, before the browser says so.

/**
 * @typedef {import("./protocol.js").ConnectionName} ConnectionName
 *
 * @typedef {object} WatchdogOptions
 * @property {(connection: ConnectionName) => RTCPeerConnection | null} connection
 * @property {(connection: ConnectionName) => void} onsilent nothing has come over it for a while
 */

const EVERY = 1_000;
const SILENT = 3; // looks in a row; both ends say something at least every other second
const STUCK = 3;

export class Watchdog {
  /** @type {Map<RTCPeerConnection, { bytes: number, looks: number }>} */ #connections = new Map();
  /** @type {Map<string, { packets: number, frames: number, looks: number }>} */ #pictures = new Map();
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

  /** Looks once. */
  async look() {
    const slept = Date.now() - this.#looked > 3 * EVERY; // this page, not the network: what it missed may be coming
    this.#looked = Date.now();
    for (const name of /** @type {ConnectionName[]} */ (["publish", "subscribe"])) {
      const connection = this.options.connection(name);
      if (!connection || !["connected", "disconnected"].includes(connection.connectionState)) continue;
      const stats = [...(await connection.getStats()).values()];
      if (slept) this.#connections.delete(connection);
      const stuck = name === "subscribe" && !slept && this.#stuck(stats);
      if (stuck) this.#pictures.clear();
      if (this.#silent(connection, stats) || stuck) this.options.onsilent(name);
    }
    for (const connection of this.#connections.keys()) {
      if (connection.connectionState === "closed") this.#connections.delete(connection);
    }
  }

  /** @param {RTCPeerConnection} connection @param {any[]} stats */
  #silent(connection, stats) {
    const pairs = stats.filter(({ type }) => type === "candidate-pair");
    const bytes = pairs.reduce((sum, pair) => sum + (pair.bytesReceived ?? 0) + (pair.responsesReceived ?? 0) + (pair.requestsReceived ?? 0), 0);
    const before = this.#connections.get(connection);
    const looks = before && before.bytes === bytes ? before.looks + 1 : 0;
    this.#connections.set(connection, { bytes, looks });
    return looks >= SILENT;
  }

  /** Packets come, but no picture is made of them. @param {any[]} stats */
  #stuck(stats) {
    let stuck = false;
    for (const { id, type, kind, packetsReceived = 0, framesDecoded = 0 } of stats) {
      if (type !== "inbound-rtp" || kind !== "video") continue;
      const before = this.#pictures.get(id);
      const stands = before && packetsReceived > before.packets + 5 && framesDecoded === before.frames;
      const looks = stands ? before.looks + 1 : 0;
      this.#pictures.set(id, { packets: packetsReceived, frames: framesDecoded, looks });
      stuck ||= looks >= STUCK;
    }
    return stuck;
  }
}
