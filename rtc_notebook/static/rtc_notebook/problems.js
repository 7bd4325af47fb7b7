// What to say when a device cannot be had. Loaded when that happens.

/**
 * @typedef {import("./devices.js").Device} Device
 * @typedef {import("./devices.js").Problem} Problem
 */

/** @param {Device} device @returns {Problem} */
export const insecure = (device) => ({
  kind: "insecure",
  device,
  message:
    "Browsers give camera and microphone to secure pages only. Open this page over https, or on localhost " +
    "(for example through an SSH tunnel: ssh -L 8888:localhost:8888 host).",
});

/** Says what went wrong with a device and what to do. @param {unknown} error @param {Device} device @returns {Problem} */
export function explain(error, device) {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return {
        kind: "denied",
        device,
        message:
          `The browser does not allow the ${device} here. Allow it next to the page's address, then try again` +
          `${globalThis.top === globalThis.self ? "." : ", or open the call in a browser tab."}`,
      };
    case "NotFoundError":
    case "OverconstrainedError":
      return { kind: "missing", device, message: `No ${device} was found. Plug one in, then try again.` };
    case "NotReadableError":
    case "AbortError":
      return { kind: "busy", device, message: `The ${device} is in use by another program. Close it, then try again.` };
    default:
      return { kind: "other", device, message: `The ${device} could not be opened: ${error}` };
  }
}

/**
 * Opens what can be opened after all, one by one.
 * @param {unknown} error @param {("camera" | "microphone")[]} wanted
 * @param {(device: "camera" | "microphone") => Promise<import("./devices.js").Opened>} open @returns {Promise<import("./devices.js").Opened>}
 */
export async function recover(error, wanted, open) {
  if (wanted.length === 1) return { problems: [explain(error, wanted[0])] };
  /** @type {import("./devices.js").Opened} */
  const opened = { problems: [] };
  for (const device of wanted) {
    // A refusal is not asked about again; but one of the two may have been allowed before.
    if (/** @type {Error} */ (error).name === "NotAllowedError" && !(await allowed(device))) {
      opened.problems.push(explain(error, device));
      continue;
    }
    const { problems, ...tracks } = await open(device);
    Object.assign(opened, tracks);
    opened.problems.push(...problems);
  }
  return opened;
}

/** @param {Device} device */
async function allowed(device) {
  try {
    const name = /** @type {PermissionName} */ (/** @type {string} */ (device));
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    return false; // the browser does not tell
  }
}
