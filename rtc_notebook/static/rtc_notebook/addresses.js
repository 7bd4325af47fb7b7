// Where things are on a Jupyter server.

/** The base URL of the Jupyter server that this page comes from, or null. */
export function pageBaseUrl() {
  try {
    const data = document.getElementById("jupyter-config-data")?.textContent;
    const base = data ? JSON.parse(data).baseUrl : document.body.dataset.baseUrl;
    return typeof base === "string" && base ? new URL(base, location.href).href : null;
  } catch {
    return null;
  }
}

/** @param {string} base @param {string} path */
const join = (base, path) => `${base.replace(/\/+$/, "")}/${path}`;

/** @param {string} base absolute @param {string} room */
export function socketUrl(base, room) {
  const url = new URL(join(base, `rtc-notebook/api/rooms/${encodeURIComponent(room)}/socket`));
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Subprotocols that show a server's token: its address would, too, to every proxy's log. @param {string} token */
export function tokenProtocols(token) {
  const text = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  return ["rtc-notebook.token", text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")];
}

/** The socket of guests; which room it is, their session says. @param {string} base absolute */
export function guestSocketUrl(base) {
  const url = new URL(guestApiUrl(base) + "/socket");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** @param {string} base absolute */
export const guestApiUrl = (base) => join(base, "rtc-notebook/api/guest");

/** The link people open to join. @param {string} base absolute @param {string} room */
export const roomUrl = (base, room) => join(base, `rtc-notebook/room/${encodeURIComponent(room)}`);

/** @param {string} base absolute */
export const roomsApiUrl = (base) => join(base, "rtc-notebook/api/rooms");
