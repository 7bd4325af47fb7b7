// What the publish and the subscribe connection have in common.

/**
 * @typedef {object} PeerOptions
 * @property {() => RTCPeerConnection} createConnection
 * @property {(message: import("./protocol.js").ClientMessage) => void} send
 * @property {() => void} onfailed
 */

/** Makes a connection that sends its candidates one by one. @param {import("./protocol.js").ConnectionName} name @param {PeerOptions} options */
export function connect(name, { createConnection, send, onfailed }) {
  const connection = createConnection();
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate === "") return; // Firefox says "no more" twice
    send({ type: "candidate", connection: name, candidate: candidateInit(candidate) });
  };
  connection.onconnectionstatechange = () => connection.connectionState === "failed" && onfailed();
  return connection;
}

/** @param {RTCPeerConnection | null} connection */
export function disconnect(connection) {
  if (!connection) return;
  connection.onicecandidate = connection.onconnectionstatechange = null;
  connection.close();
}

/** A candidate as it goes over the wire; none means that there are no more. @param {RTCIceCandidate | null} candidate @returns {import("./protocol.js").IceCandidate} */
function candidateInit(candidate) {
  if (!candidate) return { candidate: "" };
  const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
  return { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
}
