// A short sound to try a speaker with, made here.

import { acquire, release } from "./audiocontext.js";

const NOTES = [523.25, 659.25, 783.99]; // Hz: C5, E5, G5
const STEP = 0.22; // seconds
const LOUD = 0.25;

/** Plays three notes on a speaker; to be called from a click. @param {string} speaker id; empty for the system's choice @returns {Promise<void>} when they are over */
export async function playTestSound(speaker) {
  const context = acquire();
  if (!context) throw new Error("This browser plays no sound here.");
  const player = new Audio();
  try {
    await context.resume();
    const out = context.createMediaStreamDestination(); // an element can be sent to a speaker in every browser that can at all
    player.srcObject = out.stream;
    if (speaker) await player.setSinkId?.(speaker);
    await player.play();
    const start = context.currentTime + 0.05;
    const ends = NOTES.map((frequency, index) => note(context, out, frequency, start + index * STEP));
    await ends.at(-1);
  } finally {
    player.srcObject = null;
    release();
  }
}

/** @param {AudioContext} context @param {AudioNode} out @param {number} frequency @param {number} start @returns {Promise<void>} */
function note(context, out, frequency, start) {
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(LOUD, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 2 * STEP);
  oscillator.connect(gain).connect(out);
  oscillator.start(start);
  oscillator.stop(start + 2 * STEP);
  return new Promise((resolve) => {
    oscillator.onended = () => {
      gain.disconnect();
      resolve();
    };
  });
}
