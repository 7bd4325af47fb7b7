// A camera whose picture says when it was taken, and a reader of it: glass-to-glass delay without a glass.
// The time, in ms modulo 65,536, stands as 16 black or white blocks along the top and, inverted, below them.
(() => {
  const BITS = 16;
  const now = () => Math.round(performance.timeOrigin + performance.now()) % 65536;

  const camera = (width = 1280, height = 720, fps = 30) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    const block = width / BITS;
    const row = height / 6;
    let shift = 0;
    const draw = () => {
      shift += 4;
      const sky = context.createLinearGradient(shift % width, 0, width, height);
      sky.addColorStop(0, "#345");
      sky.addColorStop(1, "#a96");
      context.fillStyle = sky;
      context.fillRect(0, 0, width, height);
      for (let index = 0; index < 24; index += 1) {
        context.fillStyle = `hsl(${(index * 37 + shift) % 360} 60% 50%)`;
        context.beginPath();
        context.arc((shift * (1 + index / 9) + index * 131) % width, row * 2.4 + ((index * 53) % (row * 3.4)), 28, 0, 7);
        context.fill();
      }
      const time = now();
      for (let bit = 0; bit < BITS; bit += 1) {
        const one = (time >> bit) & 1;
        context.fillStyle = one ? "#fff" : "#000";
        context.fillRect(bit * block, 0, block, row);
        context.fillStyle = one ? "#000" : "#fff";
        context.fillRect(bit * block, row, block, row);
      }
      track.requestFrame();
    };
    draw();
    setInterval(draw, 1000 / fps);
    return stream;
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
      if (constraints.video) stream.addTrack(camera().getVideoTracks()[0]);
      return stream;
    };
  }
})();
