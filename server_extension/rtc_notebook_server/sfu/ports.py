"""Keeps the UDP sockets of a process within a range of ports, as a firewall's rule may ask for."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)


def use_ports(loop: asyncio.AbstractEventLoop, first: int, last: int) -> None:
    """Have datagram endpoints that ask for any port get one of ``first`` to ``last``, one after the other.

    aioice binds to port 0 and cannot be told a range. Other processes (rooms) may use the same range.
    """
    create: Callable[..., Any] = loop.create_datagram_endpoint
    count = last - first + 1
    next_one = 0

    async def within_range(protocol_factory: Any, local_addr: Any = None, **options: Any) -> Any:
        nonlocal next_one
        if local_addr is None or local_addr[1] != 0:
            return await create(protocol_factory, local_addr=local_addr, **options)
        for _ in range(count):
            port = first + next_one
            next_one = (next_one + 1) % count
            try:
                return await create(protocol_factory, local_addr=(local_addr[0], port), **options)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        logger.error("UDP ports %d-%d are all in use: widen c.RtcNotebookApp.udp_ports.", first, last)
        raise OSError(errno.EADDRINUSE, f"UDP ports {first}-{last} are all in use")

    loop.create_datagram_endpoint = within_range  # type: ignore[method-assign,assignment]
