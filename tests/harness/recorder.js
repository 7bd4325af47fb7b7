// Notes when each picture of each tile was presented, in ms since the epoch: globalThis.presented["Ana/camera"] = [...].
(() => {
  const presented = (globalThis.presented = {});
  const known = new WeakSet();
  const follow = (video) => {
    known.add(video);
    const tick = () => {
      const { participant, source, processed } = video.dataset;
      const key = `${participant}/${source}${processed === undefined ? "" : "/filtered"}`;
      (presented[key] ??= []).push(performance.timeOrigin + performance.now());
      video.requestVideoFrameCallback(tick);
    };
    video.requestVideoFrameCallback(tick);
  };
  setInterval(() => {
    for (const video of document.querySelectorAll("video[data-participant]")) if (!known.has(video)) follow(video);
  }, 100);
})();
