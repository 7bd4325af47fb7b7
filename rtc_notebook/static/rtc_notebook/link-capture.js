// What a device gives, as frames for WebCodecs: through MediaStreamTrackProcessor where the browser has it.

import { RATE, acquire, release } from "./link-audio.js";
import { eachPicture } from "./eachpicture.js";
import { Resampler } from "./resampler.js";

/** @typedef {{ stop: () => void }} Capture */

/** Calls back with each picture; whoever gets it closes it. @param {MediaStreamTrack} track @param {(frame: VideoFrame) => void} onframe @returns {Capture} */
export function capturePictures(track, onframe) {
  return processed(track, onframe) ?? watched(track, onframe);
}

/** Calls back with each block of sound; whoever gets it closes it. @param {MediaStreamTrack} track @param {(data: AudioData) => void} ondata @returns {Capture} */
export function captureSound(track, ondata) {
  return processed(track, ondata) ?? heard(track, ondata);
}

/** @param {MediaStreamTrack} track @param {(frame: any) => void} onframe @returns {Capture | null} */
function processed(track, onframe) {
  const Processor = /** @type {any} */ (globalThis).MediaStreamTrackProcessor;
  if (!Processor) return null;
  let reader;
  try {
    reader = new Processor({ track, maxBufferSize: track.kind === "video" ? 2 : 50 }).readable.getReader();
  } catch {
    return null; // Safari has it for pictures alone, in workers
  }
  let stopped = false;
  (async () => {
    while (!stopped) {
      const { done, value } = await reader.read();
      if (done) return;
      if (stopped) value.close();
      else onframe(value);
    }
  })().catch(() => {}); // the track has ended
  const stop = () => {
    stopped = true;
    reader.cancel().catch(() => {});
  };
  return { stop };
}

/** @param {MediaStreamTrack} track @param {(frame: VideoFrame) => void} onframe @returns {Capture} */
function watched(track, onframe) {
  const stop = eachPicture(track, (video) => {
    let frame;
    try {
      frame = new VideoFrame(video, { timestamp: Math.round(performance.now() * 1000) });
    } catch {
      return; // nothing to take at this moment; the next may be had
    }
    onframe(frame);
  });
  return { stop };
}

/** ScriptProcessorNode is old, but needs no address to load a worklet from, which a widget has not. @param {MediaStreamTrack} track @param {(data: AudioData) => void} ondata @returns {Capture} */
function heard(track, ondata) {
  const { source, close } = listen(new MediaStream([track]));
  const { context } = source;
  const node = /** @type {AudioContext} */ (context).createScriptProcessor(1024, 1, 1);
  const resampler = context.sampleRate === RATE ? null : new Resampler(context.sampleRate, RATE);
  let samples = 0;
  node.onaudioprocess = ({ inputBuffer }) => {
    const block = inputBuffer.getChannelData(0);
    const data = resampler?.take(block) ?? block.slice();
    const timestamp = Math.round((samples / RATE) * 1e6);
    samples += data.length;
    ondata(new AudioData({ format: "f32-planar", sampleRate: RATE, numberOfFrames: data.length, numberOfChannels: 1, timestamp, data: /** @type {BufferSource} */ (data) }));
  };
  source.connect(node).connect(context.destination);
  const stop = () => {
    node.onaudioprocess = null;
    source.disconnect();
    node.disconnect();
    close();
  };
  return { stop };
}

/** @param {MediaStream} stream */
function listen(stream) {
  const shared = acquire();
  try {
    return { source: shared.createMediaStreamSource(stream), close: release };
  } catch {
    release(); // Firefox hears a microphone at its own rate alone
    const own = new AudioContext();
    void own.resume().catch(() => {});
    return { source: own.createMediaStreamSource(stream), close: () => void own.close().catch(() => {}) };
  }
}
