// Opening a screen, window or tab. Loaded when one is to be shown first.

/** Sound as it is played, without what this call itself plays. */
const SCREEN_SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, restrictOwnAudio: true };

/** Asks for a screen, window or tab, with its sound where the browser can. @returns {Promise<{ picture: MediaStreamTrack, sound: MediaStreamTrack | null } | null>} null if the person changed their mind */
export async function openScreen() {
  try {
    const options = { video: { frameRate: { ideal: 15, max: 30 } }, audio: SCREEN_SOUND, systemAudio: "include", surfaceSwitching: "include" };
    const stream = await navigator.mediaDevices.getDisplayMedia(options);
    const [picture] = stream.getVideoTracks();
    const [sound = null] = stream.getAudioTracks();
    if ("contentHint" in picture) picture.contentHint = "detail";
    if (sound && "contentHint" in sound) sound.contentHint = "music";
    return { picture, sound };
  } catch (error) {
    if (/** @type {Error} */ (error).name === "NotAllowedError") return null;
    throw error;
  }
}
