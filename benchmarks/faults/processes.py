"""Processes that are killed, suspended or started again."""

from __future__ import annotations

import os
import signal
import time

from harness.kernel import Kernel
from harness.views import View

from .scene import JOIN, Scene


def sfu_killed(scene: Scene) -> None:
    """Kill the SFU."""
    with scene.fault("SFU `kill -9`"):
        scene.sfu().kill()


def worker_killed(scene: Scene) -> None:
    """Kill the kernel's media worker."""
    worker = scene.worker()
    with scene.fault("media worker `kill -9`"):
        worker.kill()


def kernel_interrupted(scene: Scene) -> None:
    """Interrupt a cell."""
    pid = _kernel_pid(scene)
    with scene.fault("kernel interrupted"):
        scene.kernel.start_cell("while True: pass")
        scene.ana.wait_for_timeout(1500)
        os.kill(pid, signal.SIGINT)


def kernel_busy(scene: Scene) -> None:
    """Keep the kernel busy for two minutes, beside which its filter has to go on."""
    with scene.fault("kernel busy for 2 minutes (`while True`)"):
        scene.kernel.start_cell("import time\nend = time.time() + 120\nwhile time.time() < end: pass")
        scene.ana.wait_for_timeout(120_000)


def kernel_held(scene: Scene) -> None:
    """Hold the interpreter's lock for 10 s: no filter can run."""
    with scene.fault("kernel's interpreter held for 10 s (no thread runs)"):
        scene.kernel.start_cell("import ctypes\nctypes.PyDLL(None).sleep(10)")
        scene.ana.wait_for_timeout(10_500)


def kernel_killed(scene: Scene) -> None:
    """Kill the kernel; Jupyter starts it again, and the cell is run again."""
    pid = _kernel_pid(scene)
    with scene.fault("kernel `kill -9`, cell run again") as fault:
        os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        scene.kernel.restart()
        fault.gone()
        scene.kernel.run(JOIN.format(room=scene.room))


def kernel_restarted(scene: Scene) -> None:
    """Restart the kernel and run the cell again."""
    with scene.fault("kernel restarted, cell run again") as fault:
        scene.kernel.restart()
        fault.gone()
        scene.kernel.run(JOIN.format(room=scene.room))


def server_suspended(scene: Scene) -> None:
    """Suspend the Jupyter server and its SFU for 10 s, as a machine that hangs."""
    everything = [scene.server.pid, scene.sfu().pid]
    with scene.fault("server and SFU suspended for 10 s"):
        try:
            for pid in everything:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(10)
        finally:  # whoever breaks off here leaves none behind that cannot end
            for pid in everything:
                os.kill(pid, signal.SIGCONT)


def server_restarted(scene: Scene) -> None:
    """Stop the Jupyter server as its user does, and start it again; its kernel goes with it, and is run again."""
    _server_again(scene, "Jupyter server restarted", signal.SIGTERM)


def server_killed(scene: Scene) -> None:
    """Kill the Jupyter server, and start it again; then the same."""
    _server_again(scene, "Jupyter server `kill -9` and started again", signal.SIGKILL)


def _server_again(scene: Scene, name: str, how: signal.Signals) -> None:
    ids = scene.ids()
    plain = [View(scene.ana, "Ben/camera")]
    with scene.fault(name, plain) as fault:
        scene.server.stop(how)
        scene.server.start()
        fault.gone()
        deadline = time.time() + 20
        while set(scene.people()) < {"Ana", "Ben"} and time.time() < deadline:
            time.sleep(0.1)
        now = scene.ids()
        fault.note("places kept" if all(ids[one] == now.get(one) for one in ("Ana", "Ben")) else "new places")
    scene.kernel = Kernel.start(scene.server)
    with scene.fault("the same, its cell run then in a new kernel", scene.filtered(), begun=fault.begun) as fault:
        fault.gone()
        scene.kernel.run(JOIN.format(room=scene.room))


def _kernel_pid(scene: Scene) -> int:
    return int(scene.kernel.run("import os; print(os.getpid())"))


FAULTS = [
    sfu_killed,
    worker_killed,
    kernel_interrupted,
    kernel_busy,
    kernel_held,
    kernel_restarted,
    kernel_killed,
    server_suspended,
    server_restarted,
    server_killed,
]
LINKED = FAULTS
