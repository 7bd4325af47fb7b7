"""Two microphones in one room are told that they make an echo."""

from __future__ import annotations

from collections.abc import Callable

from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect

# The room that two machines stand in: Ben's microphone hears what Ana's hears, as it comes out of his speaker.
SAME_ROOM = """
const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
const air = new AudioContext();
const microphone = air.createMediaStreamDestination();
mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    for (const track of stream.getAudioTracks()) stream.removeTrack(track);
    stream.addTrack(microphone.stream.getAudioTracks()[0]);
    return stream;
};
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
    if (this.srcObject?.getAudioTracks().length) air.createMediaStreamSource(this.srcObject).connect(microphone);
    return play.call(this);
};
"""
# Somebody who speaks: noise in syllables and pauses of changing length.
SPEECH = """
const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
const mouth = new AudioContext(), voice = mouth.createMediaStreamDestination();
let seed = 1;
const random = () => (seed = (48271 * seed) % 2147483647) / 2147483647;  // as Park and Miller: the same in every run
const noise = mouth.createBuffer(1, 48000 * 60, 48000), samples = noise.getChannelData(0);
for (let at = 0; at < samples.length;) {
    const loud = random() < 0.6 ? 0.05 + 0.4 * random() : 0.0005;
    for (let left = 4800 * (1 + Math.floor(random() * 5)); left > 0 && at < samples.length; left--) {
        samples[at++] = loud * (2 * random() - 1);
    }
}
const source = new AudioBufferSourceNode(mouth, {buffer: noise, loop: true});
source.connect(voice);
source.start();
mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    for (const track of stream.getAudioTracks()) stream.removeTrack(track);
    stream.addTrack(voice.stream.getAudioTracks()[0]);
    return stream;
};
"""


def test_two_in_one_room_are_told(join: Callable[..., Page], pattern: Browser, lab: JupyterServer, room: str):
    ana = join(pattern, "Ana", SPEECH, camera="0")
    ben = join(pattern, "Ben", SAME_ROOM, camera="0")
    words = ben.get_by_text("Your microphone hears what somebody else’s does")
    expect(words).to_be_visible(timeout=45_000)
    ben.get_by_role("button", name="Mute mine").click()
    expect(words).to_be_hidden()
    ben.get_by_role("button", name="Turn microphone on").wait_for()

    second = ana.context.new_page()
    second.goto(lab.page(f"rtc-notebook/room/{room}", name="Ana's other tab", join="", camera="0"))
    tab = second.get_by_text("Another tab of this browser is in this call with its microphone on")
    expect(tab).to_be_visible(timeout=20_000)
    assert ana.get_by_text("Another tab of this browser").count() == 0, "one of the two is enough"
    second.get_by_role("button", name="Mute mine").click()
    expect(tab).to_be_hidden()
