// Sound at another rate, block by block, by straight lines between samples: for a voice that is enough.

export class Resampler {
  #step;
  #at = 0; // where the next sample is, in samples of the block
  #last = 0; // of the block before

  /** @param {number} from hertz @param {number} to hertz */
  constructor(from, to) {
    this.#step = from / to;
  }

  /** The next block, as far as its samples reach. @param {Float32Array} block @returns {Float32Array} */
  take(block) {
    const end = block.length - 1;
    const made = new Float32Array(Math.max(0, Math.ceil((end - this.#at) / this.#step)));
    for (let index = 0; index < made.length; index++) {
      const at = this.#at + index * this.#step;
      const before = Math.floor(at);
      const one = before < 0 ? this.#last : block[before];
      made[index] = one + (block[before + 1] - one) * (at - before);
    }
    this.#at += made.length * this.#step - block.length;
    this.#last = block[end];
    return made;
  }
}
