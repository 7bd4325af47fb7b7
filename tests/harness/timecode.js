// A camera whose picture says when it was taken, and a reader of it: glass-to-glass delay without a glass.
// The time, in ms modulo 65,536, stands as 16 black or white blocks along the top and, inverted, below them.
(() => {
  const BITS = 16;
  const now = () => Math.round(performance.timeOrigin + performance.now()) % 65536;

  // Frames are made as I420 and handed to a generator: a canvas would cost a read-back and a conversion each.
  const camera = (width = 1280, height = 720, fps = 30) => {
    const track = new MediaStreamTrackGenerator({ kind: "video" });
    const writer = track.writable.getWriter();
    const luma = width * height;
    const picture = new Uint8Array((luma * 3) / 2).fill(128);
    const block = width / BITS;
    const row = height / 6;
    const tall = Math.floor(row * 0.4);
    for (let y = 2 * row; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) picture[y * width + x] = 60 + ((x >> 3) % 90) + ((y >> 4) % 60);
    }
    const paint = (x, y, columns, rows, value) => {
      for (let line = y; line < y + rows; line += 1) picture.fill(value, line * width + x, line * width + x + columns);
    };
    let shift = 0;
    const draw = () => {
      for (let index = 0; index < 6; index += 1) {
        const y = Math.round(row * (2.4 + 0.58 * index));
        paint((shift + index * 190) % (width - 100), y, 90, tall, 128);
        paint((shift + 6 + index * 190) % (width - 100), y, 90, tall, 30 + index * 35);
      }
      shift += 6;
      const time = now();
      for (let bit = 0; bit < BITS; bit += 1) {
        const one = (time >> bit) & 1;
        paint(bit * block, 0, block, row, one ? 235 : 16);
        paint(bit * block, row, block, row, one ? 16 : 235);
      }
      const options = { format: "I420", codedWidth: width, codedHeight: height, timestamp: performance.now() * 1000 };
      if (writer.desiredSize > 0) writer.write(new VideoFrame(picture, options));
    };
    draw();
    setInterval(draw, 1000 / fps);
    return new MediaStream([track]);
  };

  const read = (video, context) => {
    context.drawImage(video, 0, 0, video.videoWidth, video.videoHeight / 3, 0, 0, BITS * 4, 8);
    const { data } = context.getImageData(0, 0, BITS * 4, 8);
    let time = 0;
    for (let bit = 0; bit < BITS; bit += 1) {
      const above = data[(2 * BITS * 4 + bit * 4 + 2) * 4 + 1];
      const below = data[(6 * BITS * 4 + bit * 4 + 2) * 4 + 1];
      if (Math.abs(above - below) < 60) return null;
      if (above > below) time |= 1 << bit;
    }
    return time;
  };

  /** Watch a video element; resolves to [{at, delay, width}] of each frame it presented in `seconds`. */
  const watch = (video, seconds) =>
    new Promise((resolve) => {
      const context = Object.assign(document.createElement("canvas"), { width: BITS * 4, height: 8 }).getContext("2d", {
        willReadFrequently: true,
        alpha: false,
      });
      const seen = [];
      const start = performance.now();
      let going = true;
      const tick = () => {
        if (!going) return;
        const time = read(video, context);
        seen.push({
          at: (performance.now() - start) / 1000,
          delay: time === null ? null : (now() - time + 65536) % 65536,
          width: video.videoWidth,
        });
        video.requestVideoFrameCallback(tick);
      };
      video.requestVideoFrameCallback(tick);
      setTimeout(() => {
        going = false;
        resolve(seen);
      }, seconds * 1000);
    });

  globalThis.timecode = { camera, watch };
  if (globalThis.timecodeAsCamera && navigator.mediaDevices) {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = new MediaStream();
      if (constraints.audio) for (const track of (await real({ audio: constraints.audio })).getTracks()) stream.addTrack(track);
      if (constraints.video) stream.addTrack(camera(...timecodeAsCamera).getVideoTracks()[0]);
      return stream;
    };
  }
})();
