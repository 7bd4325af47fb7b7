"""A child for the tests: answers each line, prints, and says how it goes."""

import asyncio
import gc
import subprocess
import sys

import msgspec

from rtc_notebook.process.child import Parent


async def main() -> None:
    parent = await Parent.attach()
    print("a library that prints does not spoil the stream")
    async for line in parent:
        message = msgspec.json.decode(line)
        if message == "fork":
            grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)  # noqa: ASYNC220
            parent.send({"grandchild": grandchild.pid})
        elif message == "started":
            parent.send([sys.argv[1:], gc.isenabled()])
        elif isinstance(message, int):
            for number in range(message):
                parent.send_latest("number", number)
        else:
            parent.send({"echo": message})


asyncio.run(main())
