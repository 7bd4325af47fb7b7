// What of a call works from this browser, each with a sentence on what to do. Loaded when somebody asks.

import { Codecs } from "./link-codecs.js";

/**
 * @typedef {import("./call.js").Call} Call
 * @typedef {{ subject: string, verdict: "ok" | "note" | "fail", text: string }} Finding
 */

const ANSWER_MS = 6_000;

/** @param {string} subject @param {string} text @returns {Finding} */
const ok = (subject, text) => ({ subject, verdict: "ok", text });
/** @param {string} subject @param {string} text @returns {Finding} */
const note = (subject, text) => ({ subject, verdict: "note", text });
/** @param {string} subject @param {string} text @returns {Finding} */
const fail = (subject, text) => ({ subject, verdict: "fail", text });

/** All checks, begun together; each gives its findings when it has them. @param {Call} call @returns {Promise<Finding[]>[]} */
export function checks(call) {
  const one = (/** @type {Finding | Promise<Finding>} */ finding) => Promise.resolve(finding).then((found) => [found]);
  return [one(secureContext()), one(versions(call)), one(signaling(call)), one(webSocket(call)), one(media(call)), ice(call), one(codecs()), one(webCodecs()), one(sfu(call))];
}

function secureContext() {
  const { origin } = location;
  if (isSecureContext) return ok("Secure context", `browsers open cameras on ${origin}`);
  return fail("Secure context", `browsers open no camera on ${origin}. Put the server behind HTTPS, or reach it as localhost (ssh -L).`);
}

/** @param {Call} call */
function versions({ serverVersion, options: { clientVersion } }) {
  if (!serverVersion) return note("Versions", `${clientVersion} on this side; the server has not said its own yet`);
  if (serverVersion === clientVersion) return ok("Versions", `rtc-notebook ${clientVersion} on both sides`);
  return note("Versions", `${clientVersion} on this side (the kernel's, in a notebook), ${serverVersion} in the Jupyter server; install the same in both.`);
}

/** @param {Call} call */
function signaling({ phase, message }) {
  if (phase === "connected") return ok("Signaling", "the Jupyter server's WebSocket is connected");
  return fail("Signaling", `not connected. ${message || "Is the Jupyter server running? A proxy in between must pass WebSockets on (Upgrade header)."}`);
}

/** The media link's socket opens, whether it is in use or not. @param {Call} call @returns {Promise<Finding>} */
function webSocket({ options: { url, protocols } }) {
  const address = new URL(url);
  address.pathname = address.pathname.replace(/\/socket$/, "/media");
  const begun = performance.now();
  return new Promise((resolve) => {
    const socket = new WebSocket(address, protocols ?? []);
    const end = (/** @type {Finding} */ finding) => {
      clearTimeout(timer);
      socket.onopen = socket.onerror = null;
      socket.close();
      resolve(finding);
    };
    const closed = fail("Media over WebSocket", "its socket does not open. A proxy in between may limit how many, or their addresses.");
    const timer = setTimeout(() => end(closed), ANSWER_MS);
    socket.onopen = () => end(ok("Media over WebSocket", `its socket opens, in ${Math.round(performance.now() - begun)} ms`));
    socket.onerror = () => end(closed);
  });
}

/** How pictures and sound go now. @param {Call} call @returns {Promise<Finding>} */
async function media(call) {
  const { way, delay } = call.link;
  if (way === "websocket") {
    const late = delay === null ? "" : `, ${delay} ms from the server`;
    return note("UDP", `not in use: pictures and sound go over the WebSocket${late}. Where UDP is blocked, a TURN server is the quicker way (c.RtcNotebookApp.turn_urls).`);
  }
  const { reports = [] } = (await call.path?.counts()) ?? {};
  const pairs = reports.flatMap(inUse);
  if (!pairs.length) return note("UDP", "no connection is made yet; join, and look again");
  const words = pairs.map(({ local, remote }) => `${local.candidateType}/${local.relayProtocol ?? local.protocol} to ${remote.candidateType}`);
  return ok("UDP", `connected (${[...new Set(words)].join(", ")})`);
}

/** The candidate pairs in use on a connection. @param {RTCStatsReport} report @returns {{ local: any, remote: any }[]} */
function inUse(report) {
  const stats = /** @type {Map<string, any>} */ (/** @type {unknown} */ (report));
  const pairs = [...stats.values()].filter(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  return pairs.map((pair) => ({ local: stats.get(pair.localCandidateId), remote: stats.get(pair.remoteCandidateId) })).filter(({ local, remote }) => local && remote);
}

/** Asks each STUN and TURN server for an address. @param {Pick<Call, "iceServers">} call @returns {Promise<Finding[]>} */
export async function ice({ iceServers }) {
  if (!iceServers.length) {
    return [note("STUN and TURN", "none are configured, and none are needed where UDP or WebSockets get through (c.RtcNotebookApp.turn_urls)")];
  }
  const single = iceServers.flatMap(({ urls, ...rest }) => [urls].flat().map((url) => ({ url, server: { ...rest, urls: url } })));
  return Promise.all(single.map(({ url, server }) => ask(url, server)));
}

/** @param {string} url @param {RTCIceServer} server @returns {Promise<Finding>} */
function ask(url, server) {
  const wanted = url.startsWith("turn") ? "relay" : "srflx";
  let connection = /** @type {RTCPeerConnection | null} */ (null);
  return new Promise((resolve) => {
    const end = (/** @type {Finding} */ finding) => {
      clearTimeout(timer);
      connection?.close();
      resolve(finding);
    };
    const silent = wanted === "relay" ? fail(url, "gives no address from here: is it up, and reachable by this protocol?") : note(url, "no answer: is it up, and does UDP get through to it? Calls go without.");
    const timer = setTimeout(() => end(silent), ANSWER_MS);
    try {
      const asking = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: wanted === "relay" ? "relay" : "all" });
      connection = asking;
      // None names an address that is this machine's own; only a browser that tells of errors lets that be told from silence.
      let answers = wanted === "srflx" && "onicecandidateerror" in asking;
      asking.onicecandidateerror = () => (answers = false);
      asking.onicecandidate = ({ candidate }) => {
        if (candidate?.type === wanted) end(ok(url, `gives the address ${candidate.address}`));
        else if (!candidate) end(answers ? ok(url, "answers: no NAT in between") : silent);
      };
      asking.createDataChannel("doctor");
      asking.setLocalDescription().catch(() => end(silent));
    } catch (error) {
      end(fail(url, `cannot be used: ${/** @type {Error} */ (error).message}`));
    }
  });
}

function codecs() {
  const mimeTypes = ["video", "audio"].flatMap((kind) => RTCRtpReceiver.getCapabilities(kind)?.codecs.map(({ mimeType }) => mimeType.toLowerCase()) ?? []);
  const missing = ["video/vp8", "audio/opus"].filter((type) => !mimeTypes.includes(type));
  if (!missing.length) return ok("Codecs", "VP8 and Opus over WebRTC");
  return fail("Codecs", `this browser has no ${missing.join(", ")} over WebRTC. Try another one.`);
}

/** Whether it encodes and decodes what goes over a WebSocket. */
export async function webCodecs() {
  const codecs = new Codecs();
  await codecs.asked;
  if (!codecs.lacking) return ok("WebCodecs", "VP8 and Opus, both ways, for where UDP does not get through");
  return note("WebCodecs", `over a WebSocket, where UDP and TURN do not get through, this browser ${codecs.lacking}. A newer one, or another, does.`);
}

/** The room's counters; guests are not told them. @param {Call} call @returns {Promise<Finding>} */
async function sfu({ options: { url, protocols, token } }) {
  if (protocols && !token) return note("SFU", "its health is for those with an account");
  const address = new URL(url);
  address.protocol = address.protocol === "wss:" ? "https:" : "http:";
  address.pathname = address.pathname.replace(/\/socket$/, "");
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `token ${token}` } : {};
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  if (xsrf && !token) headers["X-XSRFToken"] = xsrf;
  try {
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
    const told = await response.json();
    if (!response.ok) return note("SFU", told.message ?? `the server answers with status ${response.status}`);
    if (told.sfu?.error) return fail("SFU", told.sfu.error.message);
    return ok("SFU", `runs, with ${Object.keys(told.sfu?.participants ?? {}).length} participants`);
  } catch (error) {
    return fail("SFU", `the server did not say: ${/** @type {Error} */ (error).message}`);
  }
}
