// All that the media link needs, loaded where WebRTC finds no way, or before that is so.

export { LinkEnd } from "./link-end.js";
