// Puts the sharp person before the blurred background, with WebGL 2.

import { HEIGHT as MASK_HEIGHT, WIDTH as MASK_WIDTH } from "./mask.js";

const VERTEX = `#version 300 es
out vec2 at;
void main() {
  at = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
}`;

const HEAD = `#version 300 es
precision highp float;
uniform sampler2D picture, coefficients, background;
uniform vec2 texel;
in vec2 at;
out vec4 colour;
float person(vec2 where, vec3 rgb) {
  vec2 ab = texture(coefficients, where).rg;
  return smoothstep(0.3, 0.75, ab.r * dot(rgb, vec3(0.299, 0.587, 0.114)) + ab.g);
}`;

// Only what is background counts for its blur, so that nobody has a halo of their own colours.
const REDUCE = `${HEAD}
void main() {
  vec3 rgb = 0.25 * (texture(picture, at + texel * vec2(-0.25, -0.25)).rgb + texture(picture, at + texel * vec2(0.25, -0.25)).rgb
    + texture(picture, at + texel * vec2(-0.25, 0.25)).rgb + texture(picture, at + texel * vec2(0.25, 0.25)).rgb);
  float weight = max(1.0 - person(at, rgb), 0.03);
  colour = vec4(rgb * weight, weight);
}`;

// A Gaussian of 13 values by 7 reads, between the pixels.
const SMOOTH = `${HEAD}
void main() {
  colour = 0.1964825501511404 * texture(background, at);
  colour += 0.2969069646728344 * (texture(background, at + 1.411764705882353 * texel) + texture(background, at - 1.411764705882353 * texel));
  colour += 0.09447039785044732 * (texture(background, at + 3.2941176470588234 * texel) + texture(background, at - 3.2941176470588234 * texel));
  colour += 0.010381362401148057 * (texture(background, at + 5.176470588235294 * texel) + texture(background, at - 5.176470588235294 * texel));
}`;

const COMPOSE = `${HEAD}
void main() {
  vec2 where = vec2(at.x, 1.0 - at.y);
  vec3 sharp = texture(picture, where).rgb;
  vec4 blurred = texture(background, where);
  colour = vec4(mix(blurred.rgb / max(blurred.a, 0.004), sharp, person(where, sharp)), 1.0);
}`;

const BLUR_WIDTH = 256; // the background is blurred at this width, whatever the picture's
const ROUNDS = 4;

export class Compositor {
  canvas = new OffscreenCanvas(2, 2);

  /** @param {() => void} onlost */
  constructor(onlost) {
    const gl = this.canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "low-power" });
    if (!gl) throw new Error("this browser has no WebGL 2");
    this.gl = gl;
    this.canvas.addEventListener("webglcontextlost", onlost);
    this.reduce = this.#program(REDUCE);
    this.smooth = this.#program(SMOOTH);
    this.compose = this.#program(COMPOSE);
    this.picture = this.#texture();
    this.coefficients = this.#texture();
    this.planes = [this.#texture(), this.#texture()];
    this.frame = gl.createFramebuffer();
    this.blurHeight = 0;
    this.setMask(null);
  }

  /** Takes what a guided filter made; null: everything is background. @param {Float32Array | null} coefficients */
  setMask(coefficients) {
    const { gl } = this;
    const [width, height] = coefficients ? [MASK_WIDTH, MASK_HEIGHT] : [1, 1];
    gl.bindTexture(gl.TEXTURE_2D, this.coefficients);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RG16F, width, height, 0, gl.RG, gl.FLOAT, coefficients ?? new Float32Array(2));
  }

  /** @param {TexImageSource} source @param {number} width of the source @param {number} height of the source @param {number} most height of the result at most */
  draw(source, width, height, most) {
    const { gl, canvas } = this;
    const scale = Math.min(1, most / Math.min(width, height)); // of the shorter side: phones are held upright
    const [w, h] = [width, height].map((side) => 2 * Math.round((side * scale) / 2));
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
    this.#resize(Math.max(2, Math.round((BLUR_WIDTH * height) / width)));
    const [across, down] = [1 / BLUR_WIDTH, 1 / this.blurHeight];
    this.#pass(this.reduce, this.planes[0], across, down, this.planes[1]);
    for (let round = 0; round < ROUNDS; round++) {
      const reach = 1 + 0.5 * round; // growing steps blur wider at the same cost
      this.#pass(this.smooth, this.planes[1], across * reach, 0, this.planes[0]);
      this.#pass(this.smooth, this.planes[0], 0, down * reach, this.planes[1]);
    }
    this.#pass(this.compose, null, 0, 0, this.planes[0]);
    // Waits until it is drawn: else pictures would queue where there is no GPU, and nobody would know how long one takes.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  /** @param {WebGLProgram} program @param {WebGLTexture | null} target null: the canvas @param {number} x @param {number} y @param {WebGLTexture} background */
  #pass(program, target, x, y, background) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, target && this.frame);
    if (target) gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
    gl.viewport(0, 0, target ? BLUR_WIDTH : this.canvas.width, target ? this.blurHeight : this.canvas.height);
    gl.useProgram(program);
    [this.picture, this.coefficients, background].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform2f(gl.getUniformLocation(program, "texel"), x, y);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** @param {number} height */
  #resize(height) {
    if (height === this.blurHeight) return;
    const { gl } = this;
    this.blurHeight = height;
    for (const plane of this.planes) {
      gl.bindTexture(gl.TEXTURE_2D, plane);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, BLUR_WIDTH, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    }
  }

  #texture() {
    const { gl } = this;
    const texture = /** @type {WebGLTexture} */ (gl.createTexture());
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    return texture;
  }

  /** @param {string} fragment */
  #program(fragment) {
    const { gl } = this;
    const program = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`the graphics driver refused: ${gl.getProgramInfoLog(program)}`);
    gl.useProgram(program);
    ["picture", "coefficients", "background"].forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(program, name), unit));
    return program;
  }
}
