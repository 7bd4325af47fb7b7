// Camera, microphone and screen: opening them, and what to say when that fails.

import { Choices, pick } from "./choices.js";
import { devicesThere } from "./devicelist.js";

/**
 * @typedef {"camera" | "microphone" | "screen" | "screen-sound"} Device
 * @typedef {{ kind: "denied" | "missing" | "busy" | "insecure" | "other", device: Device, message: string }} Problem
 * @typedef {{ camera?: MediaStreamTrack, microphone?: MediaStreamTrack, problems: Problem[] }} Opened
 */

/** @type {MediaTrackConstraints} */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/**
 * What to ask the browser for. A chosen device is wished for, not demanded: where it is gone, another will do.
 * @param {"camera" | "microphone"} device @param {Choices} choices @param {ConstrainDOMString} [id] @returns {MediaTrackConstraints}
 */
function constraints(device, choices, id) {
  return { ...(device === "camera" ? CAMERA : choices.sound), ...(id && { deviceId: id }) };
}

/** Opens what it can of what is asked for, in one prompt where the browser allows it. @param {{ camera: boolean, microphone: boolean }} wish @param {Choices} [choices] @returns {Promise<Opened>} */
export async function openDevices({ camera, microphone }, choices = new Choices()) {
  /** @type {("camera" | "microphone")[]} */
  const wanted = [];
  if (camera) wanted.push("camera");
  if (microphone) wanted.push("microphone");
  if (!wanted.length) return { problems: [] };
  if (!navigator.mediaDevices?.getUserMedia) return { problems: [insecure(wanted[0])] };
  try {
    const known = wanted.some((device) => choices.of(device)) ? await devicesThere() : null;
    const ask = (/** @type {"camera" | "microphone"} */ device) => {
      if (!wanted.includes(device)) return false;
      const id = (known && pick(known[device], choices.of(device))?.deviceId) ?? choices.of(device)?.id;
      return constraints(device, choices, id ? { ideal: id } : undefined);
    };
    const stream = await navigator.mediaDevices.getUserMedia({ video: ask("camera"), audio: ask("microphone") });
    return await settle(take(stream), choices);
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
      const { problems, ...tracks } = await openDevices({ camera: device === "camera", microphone: device === "microphone" }, choices);
      Object.assign(opened, tracks);
      opened.problems.push(...problems);
    }
    return opened;
  }
}

/** Opens exactly this camera or microphone. @param {"camera" | "microphone"} device @param {Choices} choices @param {MediaTrackConstraints} which @returns {Promise<MediaStreamTrack>} */
export async function openOne(device, choices, which) {
  const wanted = { ...constraints(device, choices), ...which };
  const stream = await navigator.mediaDevices.getUserMedia(device === "camera" ? { video: wanted } : { audio: wanted });
  return /** @type {MediaStreamTrack} */ (take(stream)[device]);
}

/** Where ids change with every visit, names are told only now: takes the chosen ones after all. @param {Opened} opened @param {Choices} choices */
async function settle(opened, choices) {
  for (const device of /** @type {const} */ (["camera", "microphone"])) {
    const [track, choice] = [opened[device], choices.of(device)];
    if (!track || !choice?.label || track.label === choice.label) continue;
    const wanted = pick((await devicesThere())[device], choice);
    if (!wanted || wanted.deviceId === track.getSettings().deviceId) continue;
    const better = await openOne(device, choices, { deviceId: { exact: wanted.deviceId } }).catch(() => null);
    if (!better) continue;
    track.stop();
    opened[device] = better;
  }
  return opened;
}

/** Sound as it is played, without what this call itself plays. */
const SCREEN_SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, restrictOwnAudio: true };

/** Asks for a screen, window or tab, with its sound where the browser can. @returns {Promise<{ picture: MediaStreamTrack, sound: MediaStreamTrack | null } | null>} null if the person changed their mind */
export async function openScreen() {
  try {
    const options = { video: { frameRate: { ideal: 15, max: 30 } }, audio: SCREEN_SOUND, systemAudio: "include", surfaceSwitching: "include" };
    const stream = await navigator.mediaDevices.getDisplayMedia(options);
    const [picture] = stream.getVideoTracks();
    const [sound = null] = stream.getAudioTracks();
    if ("contentHint" in picture) picture.contentHint = "detail";
    if (sound && "contentHint" in sound) sound.contentHint = "music";
    return { picture, sound };
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

/** What to say of everything that is wrong, once where it is the same with both. @param {Problem[]} problems */
export function sayAll(problems) {
  const [one, other] = problems;
  if (problems.length === 2 && one.kind === "denied" && other.kind === "denied") {
    return one.message.replace(`the ${one.device}`, "camera and microphone").replace("Allow it", "Allow them");
  }
  return [...new Set(problems.map(({ message }) => message))].join(" ");
}
