"""TCP that sends again sooner."""

from __future__ import annotations

import socket
import sys

import pytest

from rtc_notebook.link import tcp


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program say how soon TCP sends again")
def test_a_socket_is_told_not_to_wait_ever_longer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as connection:
        assert not connection.getsockopt(socket.IPPROTO_TCP, tcp.THIN_LINEAR_TIMEOUTS)
        tcp.make_quick(connection)
        assert connection.getsockopt(socket.IPPROTO_TCP, tcp.THIN_LINEAR_TIMEOUTS)


def test_a_system_that_does_not_know_how_is_left_alone() -> None:
    class Older:
        def setsockopt(self, *args: object) -> None:
            raise OSError("Protocol not available")

    tcp.make_quick(Older())
