// How a camera's pictures get to a worker, and what it makes of them becomes a track.

/**
 * @typedef {object} Way
 * @property {MediaStreamTrack} sent
 * @property {(worker: Worker) => { start: object, transfer: Transferable[] }} start what to tell the worker
 * @property {(bitmap: ImageBitmap) => void} [take] a picture that the worker has made
 * @property {() => void} stop
 */

const STALLED = 250; // milliseconds without a callback: the tab is hidden

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
  const video = document.createElement("video");
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const [sent] = canvas.captureStream().getVideoTracks();
  let [stopped, away, last, shown] = [false, false, 0, -1];
  /** @type {Worker | undefined} */
  let worker;
  video.muted = video.playsInline = true;
  video.srcObject = new MediaStream([raw]);
  video.play().catch(() => {});

  async function give() {
    last = performance.now();
    if (stopped || away || !worker || video.readyState < 2 || video.currentTime === shown) return;
    away = true;
    shown = video.currentTime;
    try {
      const frame = await createImageBitmap(video);
      if (stopped) return frame.close();
      worker.postMessage({ frame }, [frame]);
    } catch {
      away = false; // between two pictures
    }
  }
  const follow = () => {
    void give();
    if (!stopped) video.requestVideoFrameCallback(follow);
  };
  video.requestVideoFrameCallback(follow);
  const timer = setInterval(() => performance.now() - last > STALLED && void give(), STALLED);

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
      clearInterval(timer);
      video.srcObject = null;
      sent.stop();
    },
  };
}
