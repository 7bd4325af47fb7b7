// The media path of a call: one for each place in the room, told by the welcome.

import { MediaPath, mediaUrl, policyOf } from "./mediapath.js";
import { camerasOf, limitsOf } from "./room.js";

/**
 * @param {import("./call.js").Call} call @param {import("./line.js").Line} line
 * @param {(tracks: Map<string, MediaStreamTrack>) => void} ontracks @param {import("./protocol.js").Welcome} welcome
 */
export function pathOf(call, line, ontracks, { media, session }) {
  const { options, path } = call;
  return new MediaPath({
    media,
    policy: policyOf(options.media) ?? media.mediaLink ?? "auto",
    url: mediaUrl(options.url),
    protocols: options.protocols,
    session,
    known: path?.known,
    send: (message) => call.send(message),
    limits: () => limitsOf(call.participants, call.me),
    flowing: () => camerasOf(call.participants),
    online: () => line.signaling?.alive ?? false,
    onsilent: () => line.signaling?.state === "connected" && line.signaling.retry(),
    ontracks,
    onerror: (error) => call.report(error),
    onwarning: (id, text) => (text ? call.notice(id, "warning", text) : call.dismiss(id)),
    onchange: () => call.changed(),
  });
}
