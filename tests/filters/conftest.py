from __future__ import annotations

import numpy as np
import pytest
from harness.footage import pictures


@pytest.fixture(scope="session")
def head() -> list[np.ndarray]:
    """Return four seconds of somebody who talks in a car, 1280x720."""
    return pictures()
