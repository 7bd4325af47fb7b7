// Every picture that a track gives, for whoever cannot read the track itself; also while the tab is hidden.

const STALLED = 250; // milliseconds without a callback: the tab is hidden

/** Calls back with a video whenever it shows another picture. @param {MediaStreamTrack} track @param {(video: HTMLVideoElement) => void} onpicture @returns {() => void} what ends it */
export function eachPicture(track, onpicture) {
  const video = document.createElement("video");
  let [stopped, called, shown] = [false, 0, -1];
  video.muted = video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  video.play().catch(() => {});

  function give() {
    shown = video.currentTime;
    onpicture(video);
  }
  function follow() {
    if (stopped) return;
    called = performance.now();
    video.requestVideoFrameCallback(follow);
    give();
  }
  video.requestVideoFrameCallback(follow);
  const timer = setInterval(() => {
    if (performance.now() - called > STALLED && video.readyState >= 2 && video.currentTime !== shown) give();
  }, STALLED);

  return () => {
    stopped = true;
    clearInterval(timer);
    video.srcObject = null;
  };
}
