// A mask that does not tremble from picture to picture.

/** Follows `fresh` slowly where it trembles, and at once where somebody moves. @param {Float32Array} mask changed in place @param {Float32Array} fresh */
export function steady(mask, fresh) {
  for (let i = 0; i < mask.length; i++) {
    const change = fresh[i] - mask[i];
    mask[i] += change * Math.min(1, 0.35 + Math.abs(change));
  }
}
