from __future__ import annotations

import subprocess
import sys

import rtc_notebook


def test_the_public_names_are_there() -> None:
    for name in rtc_notebook.__all__:
        assert getattr(rtc_notebook, name) is not None
    assert set(rtc_notebook.__all__) == set(dir(rtc_notebook))
    for name in rtc_notebook.filters.__all__:
        assert callable(getattr(rtc_notebook.filters, name))
    assert set(rtc_notebook.filters.__all__) == set(dir(rtc_notebook.filters))


def test_importing_it_is_light() -> None:
    heavy = {"cv2", "aiortc", "av", "ipywidgets", "anywidget", "numpy", "msgspec"}
    code = f"import sys, rtc_notebook; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_call_needs_neither_the_widget_nor_the_media_libraries() -> None:
    heavy = {"cv2", "aiortc", "av", "ipywidgets", "anywidget"}
    code = f"import sys; from rtc_notebook import Call, filters; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
