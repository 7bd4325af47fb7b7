// Camera, microphone and screen: opening them.

import { Choices, pick } from "./choices.js";
import { devicesThere } from "./devicelist.js";
import { loader } from "./loader.js";

/**
 * @typedef {"camera" | "microphone" | "screen" | "screen-sound"} Device
 * @typedef {{ kind: "denied" | "missing" | "busy" | "insecure" | "other", device: Device, message: string }} Problem
 * @typedef {{ camera?: MediaStreamTrack, microphone?: MediaStreamTrack, problems: Problem[] }} Opened
 */

const problems = loader("problems.js", () => import("./problems.js"));

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
  if (!navigator.mediaDevices?.getUserMedia) return { problems: [(await problems.get()).insecure(wanted[0])] };
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
    const { recover } = await problems.get().catch(() => ({ recover: null })); // the server is away
    if (!recover) return { problems: wanted.map((device) => ({ kind: "other", device, message: `The ${device} could not be opened: ${error}` })) };
    return recover(error, wanted, (device) => openDevices({ camera: device === "camera", microphone: device === "microphone" }, choices));
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

/** @param {MediaStream} stream @returns {Opened} */
function take(stream) {
  const [camera] = stream.getVideoTracks();
  const [microphone] = stream.getAudioTracks();
  if (camera && "contentHint" in camera) camera.contentHint = "motion";
  return { ...(camera && { camera }), ...(microphone && { microphone }), problems: [] };
}
