"""``python -m fuzz [sequences] [seed]``, in the directory ``tests``."""

from __future__ import annotations

import sys
import time

from .run import sequences

if __name__ == "__main__":
    wanted, start = (int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), int((sys.argv[2:] or ["1"])[0])
    begun = time.monotonic()
    count, said = sequences(wanted, start)
    print(f"seed {start}: {count} sequences, {said} messages, {time.monotonic() - begun:.0f} s: all as the model says")
