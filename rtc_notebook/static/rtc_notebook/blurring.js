// Blurring the background of a camera's picture: by a worker (blur/worker.js), unless the browser does it by itself
// (W3C Media Capture and Streams Extensions, backgroundBlur).

import { drawn, streamed } from "./blurtracks.js";

/**
 * @typedef {{ fps: number, ms: number, height: number, model: boolean }} Figures pictures a second, milliseconds a picture
 * @typedef {{ raw: MediaStreamTrack, sent: MediaStreamTrack, stop: () => void }} Running
 * @typedef {{ failed?: string, figures?: Figures, ready?: boolean }} News
 */

const PATIENCE = 60_000; // milliseconds for the model to come

/** Begins to blur a camera's picture. @param {MediaStreamTrack} raw @param {string} base of the server's files @param {(news: News) => void} tell @returns {Running} */
export function begin(raw, base, tell) {
  const capabilities = /** @type {{ backgroundBlur?: boolean[] }} */ (raw.getCapabilities?.() ?? {});
  if (capabilities.backgroundBlur?.includes(true)) return constrain(raw, tell);
  const worker = new Worker(`${base}rtc_notebook/blur/worker.js`, { type: "module", name: "rtc-notebook blur" });
  const patience = setTimeout(() => tell({ failed: "The model does not come." }), PATIENCE);
  const way = (streamed(raw) ?? drawn(raw));
  way.sent.contentHint = "motion";
  worker.onerror = (event) => tell({ failed: event.message || "The worker does not start." });
  worker.onmessage = ({ data }) => {
    if (data.bitmap) return way.take?.(data.bitmap);
    if (data.ready) clearTimeout(patience);
    tell(data);
  };
  const { start, transfer } = way.start(worker);
  worker.postMessage({ state: `${base}rtc_notebook_blur/state`, ...start }, transfer);
  const stop = () => {
    clearTimeout(patience);
    worker.onmessage = worker.onerror = null;
    way.stop();
    worker.terminate();
  };
  return { raw, sent: way.sent, stop };
}

/** @param {MediaStreamTrack} raw @param {(news: News) => void} tell @returns {Running} */
function constrain(raw, tell) {
  let stopped = false;
  raw.enabled = false; // until it is blurred
  const blur = (/** @type {boolean} */ on) => raw.applyConstraints(/** @type {any} */ ({ ...raw.getConstraints(), backgroundBlur: { exact: on } }));
  blur(true).then(
    () => {
      if (stopped) return;
      raw.enabled = true;
      tell({ ready: true });
    },
    (error) => stopped || tell({ failed: error.message }),
  );
  const stop = () => {
    stopped = true;
    if (raw.readyState !== "live") return;
    blur(false).catch(() => {});
    raw.enabled = true;
  };
  return { raw, sent: raw, stop };
}
