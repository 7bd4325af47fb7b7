"""Memory that is free goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEASURE = """
import threading
import psutil
from rtc_notebook.process import memory

def work():
    mixed = [bytearray(20_000) for _ in range(5000)]
    global kept
    kept = mixed[::50]  # so that no arena can shrink from its end

thread = threading.Thread(target=work)
thread.start()
thread.join()
before = psutil.Process().memory_info().rss
memory.give_back()
print(before - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc's allocator keeps so much")
def test_what_a_thread_had_and_needs_no_more_goes_back() -> None:
    given = int(subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, check=True).stdout)
    assert given > 50e6, "of 100 MB, 2 of which are in use still"
