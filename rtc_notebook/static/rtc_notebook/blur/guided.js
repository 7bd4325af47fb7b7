// A fast guided filter (He and Sun, "Fast Guided Filter", 2015): where the picture has an edge, the mask gets it, too.
// What it makes are coefficients: at any resolution, the mask is `a` times the picture's brightness plus `b`.

/** The mean over a box around each value; where the box leaves the picture, the border is repeated. @param {Float32Array} values @param {Float32Array} target @param {Float32Array} scratch @param {number} width @param {number} height @param {number} radius */
export function boxMean(values, target, scratch, width, height, radius) {
  const weight = 1 / (2 * radius + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = values[row] * radius;
    for (let x = 0; x <= radius; x++) sum += values[row + Math.min(x, width - 1)];
    for (let x = 0; x < width; x++) {
      scratch[row + x] = sum * weight;
      sum += values[row + Math.min(x + radius + 1, width - 1)] - values[row + Math.max(x - radius, 0)];
    }
  }
  const sums = new Float32Array(width);
  for (let y = -radius; y <= radius; y++) {
    const row = Math.min(Math.max(y, 0), height - 1) * width;
    for (let x = 0; x < width; x++) sums[x] += scratch[row + x];
  }
  for (let y = 0; y < height; y++) {
    const [row, enters, leaves] = [y, Math.min(y + radius + 1, height - 1), Math.max(y - radius, 0)].map((line) => line * width);
    for (let x = 0; x < width; x++) {
      target[row + x] = sums[x] * weight;
      sums[x] += scratch[enters + x] - scratch[leaves + x];
    }
  }
}

export class GuidedFilter {
  /** @param {number} width @param {number} height @param {number} [radius] @param {number} [epsilon] how little contrast is no edge */
  constructor(width, height, radius = 5, epsilon = 0.004) {
    this.size = /** @type {const} */ ([width, height, radius]);
    this.epsilon = epsilon;
    const plane = () => new Float32Array(width * height);
    this.planes = { scratch: plane(), squares: plane(), products: plane(), meanGuide: plane(), meanMask: plane(), a: plane(), b: plane() };
    this.coefficients = new Float32Array(2 * width * height);
  }

  /** @param {Float32Array} guide brightness, 0 to 1 @param {Float32Array} mask @returns {Float32Array} `a`, `b` of each pixel in turn */
  run(guide, mask) {
    const { coefficients, epsilon } = this;
    const { scratch, squares, products, meanGuide, meanMask, a, b } = this.planes;
    const mean = (/** @type {Float32Array} */ of, /** @type {Float32Array} */ to) => boxMean(of, to, scratch, ...this.size);
    for (let i = 0; i < guide.length; i++) {
      squares[i] = guide[i] * guide[i];
      products[i] = guide[i] * mask[i];
    }
    mean(guide, meanGuide);
    mean(mask, meanMask);
    mean(squares, squares);
    mean(products, products);
    for (let i = 0; i < guide.length; i++) {
      const slope = (products[i] - meanGuide[i] * meanMask[i]) / (squares[i] - meanGuide[i] * meanGuide[i] + epsilon);
      a[i] = slope;
      b[i] = meanMask[i] - slope * meanGuide[i];
    }
    mean(a, a);
    mean(b, b);
    for (let i = 0; i < guide.length; i++) {
      coefficients[2 * i] = a[i];
      coefficients[2 * i + 1] = b[i];
    }
    return coefficients;
  }
}
