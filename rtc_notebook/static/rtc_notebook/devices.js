// Camera, microphone and screen: opening them, and what to say when that fails.

/**
 * @typedef {"camera" | "microphone" | "screen"} Device
 * @typedef {{ kind: "denied" | "missing" | "busy" | "insecure" | "other", device: Device, message: string }} Problem
 * @typedef {{ camera?: MediaStreamTrack, microphone?: MediaStreamTrack, problems: Problem[] }} Opened
 */

/** @type {MediaTrackConstraints} */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** Opens what it can of what is asked for, in one prompt where the browser allows it. @param {{ camera: boolean, microphone: boolean }} wish @returns {Promise<Opened>} */
export async function openDevices({ camera, microphone }) {
  /** @type {Device[]} */
  const wanted = [];
  if (camera) wanted.push("camera");
  if (microphone) wanted.push("microphone");
  if (!wanted.length) return { problems: [] };
  if (!navigator.mediaDevices?.getUserMedia) return { problems: [insecure(wanted[0])] };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: camera && CAMERA, audio: microphone });
    return take(stream);
  } catch (error) {
    if (wanted.length === 1) return { problems: [explain(error, wanted[0])] };
    /** @type {Opened} */
    const opened = { problems: [] };
    for (const device of wanted) {
      // A refusal is not asked about again; but one of the two may have been allowed before.
      if (/** @type {Error} */ (error).name === "NotAllowedError" && !(await allowed(device))) {
        opened.problems.push(explain(error, device));
        continue;
      }
      const { problems, ...tracks } = await openDevices({ camera: device === "camera", microphone: device === "microphone" });
      Object.assign(opened, tracks);
      opened.problems.push(...problems);
    }
    return opened;
  }
}

/** Asks for a screen, window or tab. @returns {Promise<MediaStreamTrack | null>} null if the person changed their mind */
export async function openScreen() {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
    const [track] = stream.getVideoTracks();
    if ("contentHint" in track) track.contentHint = "detail";
    return track;
  } catch (error) {
    if (/** @type {Error} */ (error).name === "NotAllowedError") return null;
    throw error;
  }
}

/** @param {MediaStream} stream @returns {Opened} */
function take(stream) {
  const [camera] = stream.getVideoTracks();
  const [microphone] = stream.getAudioTracks();
  if (camera && "contentHint" in camera) camera.contentHint = "motion";
  return { ...(camera && { camera }), ...(microphone && { microphone }), problems: [] };
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

/** @param {Device} device @returns {Problem} */
const insecure = (device) => ({
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
