// What goes between a call and the server: its media path, a new one with each place in the room.

import { MediaPath, mediaUrl, policyOf } from "./mediapath.js";
import { camerasOf, limitsOf } from "./room.js";

export class Traffic {
  /** @type {MediaPath | null} */ path = null;
  /** @type {(tracks: Map<string, MediaStreamTrack>) => void} */ ontracks = () => {};

  /** @param {import("./call.js").Call} call @param {import("./line.js").Line} line */
  constructor(call, line) {
    this.call = call;
    this.line = line;
  }

  /** @param {import("./protocol.js").Welcome} welcome */
  begin({ media, session }) {
    const { call, line } = this;
    const { options } = call;
    this.path?.close();
    this.path = new MediaPath({
      media,
      policy: policyOf(options.media) ?? media.mediaLink ?? "auto",
      url: mediaUrl(options.url),
      protocols: options.protocols,
      session,
      known: this.path?.known,
      send: (message) => call.send(message),
      limits: () => limitsOf(call.participants, call.me),
      flowing: () => camerasOf(call.participants),
      online: () => line.signaling?.alive ?? false,
      onsilent: () => line.signaling?.state === "connected" && line.signaling?.retry(),
      ontracks: (tracks) => this.ontracks(tracks),
      onerror: (error) => call.report(error),
      onwarning: (id, text) => call.notice(id, "warning", text),
      onchange: () => call.changed(),
    });
  }

  /** What the sender of a received track says of its clock. @param {MediaStreamTrack} track @returns {Promise<{ timestamp: number, remoteTimestamp: number }[]>} */
  async senderReports(track) {
    const stats = await this.path?.stats(track);
    return [...(stats?.values() ?? [])].filter(({ type }) => type === "remote-outbound-rtp");
  }

  end() {
    this.path?.close();
    this.path = null;
  }
}
