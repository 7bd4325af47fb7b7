// All that the media link needs, loaded where WebRTC finds no way.

export { LinkPublisher, LinkSubscriber } from "./link-connections.js";
export { Link } from "./link.js";
