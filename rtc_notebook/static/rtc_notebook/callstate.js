// What views see of a call, and how they learn that it is another now.

/**
 * @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "left" | "ended"} Phase
 * @typedef {{ id: string, level: "info" | "warning" | "error", text: string }} Notice
 * @typedef {{ url: string, link: string, room: string, clientVersion: string, name?: string, secret?: string,
 *   protocols?: string[], token?: string, media?: string | null, watch?: boolean, kernel?: typeof import("./ownkernel.js").OwnKernel, blur?: import("./blur.js").BackgroundBlur }} CallOptions `media`: how pictures and sound go, in the
 *   place of what the server says; `watch`: whether nothing may be sent; `kernel`: what waits
 *   for the kernel that the call belongs to, if it does
 */

const MOST_NOTICES = 3;

export class CallState {
  /** @type {Phase} */ phase = "idle";
  /** Why it ended, or what is in the way of connecting. */ message = "";
  /** Whether a host said no at the door. */ denied = false;
  /** @type {string | null} */ me = null;
  /** @type {import("./protocol.js").ParticipantInfo[]} */ participants = [];
  /** @type {Notice[]} */ notices = [];
  /** The server's version of rtc-notebook, once it said so. */ serverVersion = "";
  /** @type {RTCIceServer[]} STUN and TURN servers that it names */ iceServers = [];
  /** Whether a host has to admit this participant. */ atTheDoor = false;
  /** @type {import("./mediapath.js").MediaPath | null} the way of pictures and sound, while there is one */ path = null;
  /** @type {import("./overlays.js").Overlays | null} what kernels draw over pictures, once they did */ overlays = null;
  /** @type {import("./asks.js").Asks | null} what was asked of kernels, once something was */ asks = null;
  /** @type {import("./sameroom.js").SameRoom | null} echoes, once they are looked for */ sameRoom = null;
  /** @type {Set<(reaction: import("./protocol.js").Reaction) => void>} called with each one, by every view */ reactions = new Set();

  /** @type {Set<() => void>} */ #listeners = new Set();
  #notified = false;

  /** @param {CallOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** Whether devices are held or the room is joined. */
  get active() {
    return this.phase === "connecting" || this.phase === "connected" || this.phase === "reconnecting";
  }

  /** Calls `listener` after every change, at most once a task. @param {() => void} listener @returns {() => void} to stop */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** To be called after every change. */
  changed() {
    if (this.#notified) return;
    this.#notified = true;
    queueMicrotask(() => {
      this.#notified = false;
      for (const listener of this.#listeners) listener();
      this.shown();
    });
  }

  /** Called after the views: they know by now what is seen. */
  shown() {}

  /** Says something in every view. @param {string} id @param {Notice["level"]} level @param {string} text */
  notice(id, level, text) {
    this.notices = [...this.notices.filter((notice) => notice.id !== id), { id, level, text }].slice(-MOST_NOTICES);
    this.changed();
  }

  /** Says that the browser refused something. @param {unknown} error */
  report(error) {
    console.error("rtc-notebook:", error);
    if (this.active) this.notice("browser", "error", `The browser refused: ${/** @type {Error} */ (error).message}`);
  }
}
