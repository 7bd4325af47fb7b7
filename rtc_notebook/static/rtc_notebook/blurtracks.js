// How a camera's pictures get to a worker, and what it makes of them becomes a track.

import { eachPicture } from "./eachpicture.js";

/**
 * @typedef {object} Way
 * @property {MediaStreamTrack} sent
 * @property {(worker: Worker) => { start: object, transfer: Transferable[] }} start what to tell the worker
 * @property {(bitmap: ImageBitmap) => void} [take] a picture that the worker has made
 * @property {() => void} stop
 */

/** By streams that the worker reads and writes itself; Chromium has them. @param {MediaStreamTrack} raw @returns {Way | null} */
export function streamed(raw) {
  const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } = /** @type {any} */ (globalThis);
  if (!Processor || !Generator) return null;
  const { readable } = new Processor({ track: raw, maxBufferSize: 1 }); // the newest wins
  const sent = new Generator({ kind: "video" });
  const { writable } = sent;
  return { sent, start: () => ({ start: { readable, writable }, transfer: [readable, writable] }), stop: () => sent.stop() };
}

/** By a video and a canvas on the page; one picture is on its way at a time. @param {MediaStreamTrack} raw @returns {Way} */
export function drawn(raw) {
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const [sent] = canvas.captureStream().getVideoTracks();
  let [stopped, away] = [false, false];
  /** @type {Worker | undefined} */
  let worker;
  const end = eachPicture(raw, async (video) => {
    if (away || !worker) return;
    away = true;
    try {
      const frame = await createImageBitmap(video);
      if (stopped) return frame.close();
      worker.postMessage({ frame }, [frame]);
    } catch {
      away = false; // between two pictures
    }
  });

  return {
    sent,
    start(to) {
      worker = to;
      return { start: {}, transfer: [] };
    },
    take(bitmap) {
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      away = false;
    },
    stop() {
      stopped = true;
      end();
      sent.stop();
    },
  };
}
