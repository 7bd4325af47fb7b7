"""What a data scientist keeps of a call, and does with it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.kernel import Kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_record_replay_filter_save(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(f"path, out = Path({str(tmp_path / 'lesson.mkv')!r}), Path({str(tmp_path / 'inverted.mkv')!r})")
    kernel.run("""
heard = []
listening = [one.on("message", lambda who, message: heard.append((who.name, message))) for one in (call, ben)]
with call.record(path) as recording:
    until(lambda: recording.seconds > 1.5)
    call.send({"from": "kernel"})
    ben.send({"scores": np.arange(3)})
    until(lambda: {name for name, _ in heard} >= {"Ben's kernel", "Kernel's kernel"})
    until(lambda: recording.seconds > 3.5)
assert recording.state == "stopped" and recording.size == path.stat().st_size

film = replay(path, speed=None)
assert {"Ana", "Cleo"} <= set(film.participants)
said = [(e["from"], e["message"]) for e in film.events if e["event"] == "message"]
assert said == [("this kernel", "{'from': 'kernel'}"), ("Ben's kernel", "{'scores': array([0, 1, 2])}")], said
video = film.participants["Ana"].video
frames = list(video.frames(info=True))
assert len(frames) > 15 and all(800 < ball(frame) < 2200 for frame, _ in frames)
apart = np.diff([info.captured for _, info in frames])
assert apart.min() > 0 and abs(frames[0][1].captured - time.time()) < 600
assert next(video.frames(format="gray")).shape == (180, 320)
assert next(video.frames(format="yuv420p")).shape == (270, 320)
assert ball(next(video.frames(format="rgb"))[..., ::-1]) > 800
assert video.latest(copy=False) is not None and ball(video.frame()) > 800
sound = np.concatenate(list(film.participants["Ana"].audio.blocks(0.5)))
assert len(sound) > 48_000 and abs(tone(sound[-24_000:]) - 440) < 5

film.filter(lambda frame: 255 - frame, on="Ana")
results = list(film.results("Ana"))
assert len(results) == len(frames) and (results[3] == 255 - frames[3][0]).all()
made = replay(film.save(out), speed=None)
assert made.events == film.events
after = list(made.participants["Ana"].video.frames())
assert len(after) == len(frames) and abs(after[5].astype(int) - results[5]).mean() < 8

short = path.with_name("short.mkv")
data = path.read_bytes()
short.write_bytes(data[: 96 * 1024 + (len(data) - 96 * 1024) // 2])
cut = replay(short, speed=None)
assert 5 < len(list(cut.participants["Ana"].video.frames())) < len(frames)
for off in listening:
    off()
""")
    assert "short.mkv was cut off" in kernel.drain_stderr(0.1, "short.mkv")
