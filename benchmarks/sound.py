"""How much later sound is heard through a filter: ``python benchmarks/sound.py [--seconds 20]``. Prints Markdown.

Ana's microphone clicks four times a second; Eve hears it. Between them are a real Jupyter server, its SFU, and a kernel
that filters Ana's sound with a function that returns what it gets, or does not. Both are in this process, by one clock:
a click is timed from when its block is given to the encoder until Eve has decoded it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import av
import numpy as np
from aiortc import RTCRtpSender
from aiortc.codecs import get_decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import AudioStreamTrack
from harness.jupyter import JupyterServer
from harness.kernel import Kernel
from harness.participant import Participant
from websockets.asyncio.client import connect

from rtc_notebook.media.receiver import FrameReceiver, ReceivedFrame
from rtc_notebook.rtp import seam
from rtc_notebook.server import named

EVERY = 0.25
CELLS = {
    "no filter": "call.unfilter(on='Ana', source='microphone')",
    "a filter": "call.filter(lambda block: block, on='Ana', kind='audio', isolated=False)",
    "a filter with isolated=True": "call.filter(lambda block: block, on='Ana', kind='audio', isolated=True)",
}


class Clicks(AudioStreamTrack):
    """Silence, and a click now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.last = 0.0

    async def recv(self) -> av.AudioFrame:
        frame = await super().recv()
        now = time.monotonic()
        if now - self.last > EVERY:
            self.last = now
            frame.planes[0].update((20_000 * np.sin(np.arange(frame.samples))).astype(np.int16).tobytes())
        return frame


class Ears:
    """Times each click that is heard."""

    def __init__(self, clicks: Clicks) -> None:
        self.delays: list[float] = []
        self._clicks = clicks
        self._heard = 0.0
        self._decoders: dict[FrameReceiver, object] = {}

    def __call__(self, receiver: FrameReceiver, frame: ReceivedFrame) -> None:
        """Take a packet."""
        if receiver.kind != "audio":
            return
        decoder = self._decoders.setdefault(receiver, get_decoder(frame.codec))
        for sound in decoder.decode(JitterFrame(frame.encoded.data, frame.timestamp)):  # type: ignore[attr-defined]
            if np.abs(sound.to_ndarray()).max() > 4000 and self._heard != self._clicks.last:
                self._heard = self._clicks.last
                self.delays.append(1000 * (time.monotonic() - self._clicks.last))


async def measure(server: JupyterServer, kernel: Kernel, seconds: float) -> None:
    """Print the table."""
    there = named(server.url, server.token)
    clicks = Clicks()
    ears = Ears(clicks)

    def socket() -> connect:
        headers = {"Authorization": there.authorization}
        return connect(there.socket("sound"), additional_headers=headers, proxy=None, max_size=None)

    async with socket() as one, socket() as other:
        people = [Participant(one, "Ana", microphone=clicks), Participant(other, "Eve", on_frame=ears)]
        running = [asyncio.ensure_future(person.run()) for person in people]
        await asyncio.gather(*(person.connected.wait() for person in people))
        print("| | heard after, ms, p50 | p95 |\n| --- | --- | --- |")
        for what, cell in CELLS.items():
            await asyncio.to_thread(kernel.run, cell)
            await asyncio.sleep(4)  # the way through the kernel is taken, and jitter buffers are what they will be
            ears.delays.clear()
            await asyncio.sleep(seconds)
            late = statistics.quantiles(ears.delays, n=20)[-1]
            print(f"| {what} | {statistics.median(ears.delays):.1f} | {late:.1f} |", flush=True)
        for person in people:
            await person.close()
        for task in running:
            task.cancel()


def main() -> None:
    """Run a server and a kernel, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    seam.use_rtp_classes(RTCRtpSender, FrameReceiver)
    with (
        tempfile.TemporaryDirectory() as home,
        JupyterServer(Path(home), "server") as server,
        Kernel.start(server) as kernel,
    ):
        kernel.run("from rtc_notebook import Call\ncall = Call('sound')\ncall.wait_until_connected()")
        asyncio.run(measure(server, kernel, seconds))


if __name__ == "__main__":
    main()
