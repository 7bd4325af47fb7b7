"""How much of a call freezes where packets are lost, in both directions: up to the SFU, and down from it.

Usage: ``python benchmarks/loss.py [--seconds 60] [--loss 0 0.05 0.1] [--over webrtc websocket echo]``, as root. Prints
Markdown. Ana sits in a network namespace whose cable loses packets of UDP and of TCP at random, both ways; the server
and Guest do not. Both send 720p footage that is encoded already and decode nothing, so that the CPU is not what freezes
(``peers/footage_peer.py``). Beside them, through the same cable, aiortc's plain echo, which does decode and encode.

A freeze is what W3C webrtc-stats calls so: a gap between two pictures of more than three times the average, and of 150
ms more than that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from harness.jupyter import JupyterServer  # noqa: E402
from harness.network import Namespace, unavailable  # noqa: E402
from peers import footage  # noqa: E402

SETTLE_SECONDS = 5.0


class Peer:
    """A process that says on request how it was since it was last asked."""

    def __init__(self, module: str, *args: str, inside: Namespace | None = None) -> None:
        enter = ["ip", "netns", "exec", inside.name] if inside else []
        paths = [str(HERE), str(HERE.parent / "tests"), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [*enter, sys.executable, "-m", module, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            text=True,
        )

    def says(self) -> str:
        """Return the next line that it says."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def hears(self, line: str) -> None:
        """Say a line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def told(self) -> str:
        """Return how it was, for the table."""
        self.hears("?")
        told = json.loads(self.says())
        rate = f"{told['bitrate'] / 1e6:.1f}" if "bitrate" in told else ""
        return f"{100 * told['frozen']:.1f} % | {told['longest']:.2f} s | {told['fps']:.1f} | {rate}"

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def make_plain(lossy: Namespace, congestion: str) -> None:
    """Have the cable carry packets no larger than a real one's, and TCP control congestion as most machines do.

    Between two ends of one machine, up to 64 kB go as a single packet, which is lost as one.
    """
    subprocess.run(["ip", "link", "set", f"{lossy.name}a", "gso_max_segs", "1"], check=True)
    lossy.run("ip", "link", "set", f"{lossy.name}b", "gso_max_segs", "1")
    network = lossy.here.rsplit(".", 1)[0] + ".0/24"
    route = ["ip", "route", "replace", network, "dev"]
    subprocess.run([*route, f"{lossy.name}a", "src", lossy.here, "congctl", congestion], check=True)
    lossy.run(*route, f"{lossy.name}b", "src", lossy.there, "congctl", congestion)


@contextlib.contextmanager
def call(server: JupyterServer, lossy: Namespace, over: str, film: Path) -> Iterator[dict[str, Peer]]:
    """Have two in a room; who sees what goes up is outside the namespace."""
    there = f"http://{lossy.here}:{server.port}/"
    with contextlib.ExitStack() as stack:
        guest = Peer("peers.footage_peer", server.url, server.token, over, "Guest", "webrtc", str(film))
        stack.callback(guest.close)
        ana = Peer("peers.footage_peer", there, server.token, over, "Ana", over, str(film), inside=lossy)
        stack.callback(ana.close)
        yield {f"{over}, up": guest, f"{over}, down": ana}


@contextlib.contextmanager
def echo(lossy: Namespace, film: Path) -> Iterator[dict[str, Peer]]:
    """Have aiortc's echo, and who speaks with it from the namespace."""
    with contextlib.ExitStack() as stack:
        client = Peer("peers.aiortc_client", str(film), inside=lossy)
        stack.callback(client.close)
        server = Peer("peers.aiortc_echo")
        stack.callback(server.close)
        server.hears(client.says().strip())
        client.hears(server.says().strip())
        yield {"aiortc's echo, there and back": client}


def main(seconds: float, losses: list[float], ways: list[str], congestion: str) -> None:
    """Run one after the other and print."""
    print(f"Each row {seconds:.0f} s of 1280x720 at 30 pictures a second.\n")
    print("| over | lost each way | frozen | longest gap | pictures a second | Mbps |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        home = Path(directory)
        footage.make(film := HERE.parent / "build" / "footage-720p")  # a minute's work
        make_plain(lossy := stack.enter_context(Namespace()), congestion)
        server = stack.enter_context(JupyterServer(home / "home", "lab", "--ServerApp.ip=0.0.0.0"))
        for over in ways:
            lossy.lose(0)
            with echo(lossy, film) if over == "echo" else call(server, lossy, over, film) as peers:
                time.sleep(SETTLE_SECONDS)
                for loss in losses:
                    lossy.lose(loss)
                    time.sleep(SETTLE_SECONDS)  # measured is how it is, not how it becomes so
                    for peer in peers.values():
                        peer.told()
                    time.sleep(seconds)
                    for what, peer in peers.items():
                        print(f"| {what} | {100 * loss:g} % | {peer.told()} |", flush=True)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share of 1; 5 percent is 0.05")
    return share


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--loss", type=_share, nargs="+", default=[0, 0.05, 0.1], help="shares of 1: 0.05 is 5 percent")
    parser.add_argument("--over", nargs="+", choices=["webrtc", "websocket", "echo"], default=["webrtc", "websocket"])
    parser.add_argument("--congestion", default="cubic", help="how TCP controls congestion: cubic, bbr, reno")
    options = parser.parse_args()
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    main(options.seconds, options.loss, options.over, options.congestion)
