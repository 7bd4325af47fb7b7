import asyncio
from http import HTTPStatus

import pytest
from websockets.asyncio.server import serve

from rtc_notebook import protocol
from rtc_notebook import signaling as module
from rtc_notebook.errors import ConnectionFailed, ProtocolError
from rtc_notebook.signaling import Signaling


def welcome(resumed=False):
    return protocol.Welcome(
        version=protocol.VERSION,
        server_version="0",
        participant="p",
        session="secret",
        resumed=resumed,
        room="demo",
        media=protocol.MediaSettings(),
    )


async def hello(socket):
    return protocol.decode_client(await socket.recv())


async def say(socket, message):
    await socket.send(protocol.encode(message))


class Talk:
    """A client on a small server whose sockets run ``handler``."""

    def __init__(self, handler, **options):
        self.handler, self.options = handler, options
        self.messages, self.lost = [], []

    async def __aenter__(self):
        self.server = await serve(self.handler, "127.0.0.1", 0, **self.options)
        self.port = next(iter(self.server.sockets)).getsockname()[1]
        self.client = Signaling(
            f"ws://127.0.0.1:{self.port}/x",
            "token abc",
            name="n",
            call="c",
            on_message=self.messages.append,
            on_lost=self.lost.append,
        )
        return self

    async def __aexit__(self, *exc):
        self.server.close()

    async def run(self):
        return await asyncio.wait_for(self.client.run(), 20)


async def test_bye_ends_it_with_the_servers_sentence():
    async def handler(socket):
        assert socket.request.headers["Authorization"] == "token abc"
        assert await hello(socket) == protocol.Hello(
            version=protocol.VERSION, client="kernel", client_version=module.__version__, name="n", call="c"
        )
        await say(socket, welcome())
        await say(socket, protocol.Bye(code="closed", message="The room was closed."))
        await socket.wait_closed()

    async with Talk(handler) as talk:
        assert await talk.run() == ("closed", "The room was closed.")
        assert talk.messages == [welcome()]


async def test_a_broken_socket_is_replaced_with_the_session():
    hellos = []

    async def handler(socket):
        hellos.append(await hello(socket))
        await say(socket, welcome(resumed=len(hellos) > 1))
        if len(hellos) == 1:
            socket.transport.abort()
            return
        await say(socket, protocol.Bye(code="x", message="y"))
        await socket.wait_closed()

    async with Talk(handler) as talk:
        await talk.run()
        assert [one.session for one in hellos] == [None, "secret"]
        assert len(talk.lost) == 1
        assert [message.resumed for message in talk.messages] == [False, True]


@pytest.mark.parametrize("how", ["stops", "breaks", "falls silent"])
async def test_at_the_door_a_lost_server_is_tried_again_for_as_long_as_in_the_call(how, monkeypatch):
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(module, "WELCOME_SECONDS", 0.5)
    answers = [None, HTTPStatus.SERVICE_UNAVAILABLE, None]
    came = []

    def process_request(connection, request):
        status = answers.pop(0)
        return connection.respond(status, "") if status else None

    async def handler(socket):
        await hello(socket)
        came.append(socket)
        await say(socket, protocol.Waiting(room="demo", message="A host lets you in."))
        await say(socket, protocol.Heard(count=0))
        if len(came) == 1 and how == "stops":
            await say(socket, protocol.Bye(code="server-stopped", message="The server stops."))
        if len(came) == 1 and how == "breaks":
            socket.transport.abort()
        if len(came) > 1:
            await say(socket, welcome())
            await say(socket, protocol.Bye(code="x", message="y"))
        await socket.wait_closed()

    async with Talk(handler, process_request=process_request) as talk:
        assert await talk.run() == ("x", "y")
        assert [type(one) for one in talk.messages] == [protocol.Waiting, protocol.Waiting, protocol.Welcome]
        assert len(talk.lost) == 1


async def test_a_server_that_is_busy_for_a_moment_is_tried_again():
    answers = [HTTPStatus.SERVICE_UNAVAILABLE, None]

    def process_request(connection, request):
        status = answers.pop(0)
        return connection.respond(status, "") if status else None

    async def handler(socket):
        await hello(socket)
        await say(socket, welcome())
        await say(socket, protocol.Bye(code="x", message="y"))
        await socket.wait_closed()

    async with Talk(handler, process_request=process_request) as talk:
        assert await talk.run() == ("x", "y")


@pytest.mark.parametrize(
    ("status", "says"),
    [(HTTPStatus.FORBIDDEN, "refused the token"), (HTTPStatus.NOT_FOUND, "pip install rtc-notebook")],
)
async def test_a_refusal_says_what_to_do(status, says):
    async def handler(socket):
        raise AssertionError

    async with Talk(handler, process_request=lambda connection, request: connection.respond(status, "")) as talk:
        with pytest.raises(ConnectionFailed, match=says):
            await talk.run()


async def test_an_error_instead_of_a_welcome_is_passed_on():
    async def handler(socket):
        await hello(socket)
        await say(socket, protocol.Error(code="version", message="Upgrade the kernel's rtc-notebook.", about="hello"))
        await socket.wait_closed()

    async with Talk(handler) as talk:
        with pytest.raises(ConnectionFailed, match="Upgrade the kernel"):
            await talk.run()


async def test_a_server_that_speaks_something_else_is_a_version_mismatch():
    async def handler(socket):
        await socket.send("{}")
        await socket.wait_closed()

    async with Talk(handler) as talk:
        with pytest.raises(ConnectionFailed, match="same version of rtc-notebook"):
            await talk.run()


async def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.2)

    async def handler(socket):
        raise AssertionError

    async with Talk(handler) as talk:
        talk.server.close()
        await talk.server.wait_closed()
        with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{talk.port} cannot be reached"):
            await talk.run()


async def test_a_socket_that_takes_nothing_is_given_up_for_what_must_come_but_not_for_drawings():
    sockets, heard = [], asyncio.Queue()

    async def handler(socket):
        sockets.append(await hello(socket))
        await say(socket, welcome())
        async for data in socket:
            if isinstance(message := protocol.decode_client(data), protocol.Subscribe):
                heard.put_nowait(message)

    async with Talk(handler) as talk:
        welcomes = asyncio.Queue()
        talk.client._on_message = welcomes.put_nowait
        running = asyncio.ensure_future(talk.run())
        await welcomes.get()
        for _ in range(3 * module.MOST_WAITING):
            talk.client.send(protocol.DrawOverlay(participant="p", shapes=()))
        await asyncio.sleep(0)
        assert not talk.lost
        for number in range(2 * module.MOST_WAITING):
            talk.client.send(protocol.Subscribe(tracks=(str(number),)))
        await asyncio.wait_for(welcomes.get(), 20)
        assert len(talk.lost) == 1
        assert [(one.session, one.heard) for one in sockets] == [(None, None), ("secret", None)], "begun anew"
        while not heard.empty():
            heard.get_nowait()
        talk.client.send(protocol.Subscribe(tracks=("after",)))
        assert await asyncio.wait_for(heard.get(), 20) == protocol.Subscribe(tracks=("after",))
        running.cancel()


async def test_leave_says_so_and_ends_it():
    seen = []

    async def handler(socket):
        await hello(socket)
        await say(socket, welcome())
        async for data in socket:
            seen.append(protocol.decode_client(data))
            await socket.close()

    async with Talk(handler) as talk:
        welcomed = asyncio.Event()
        talk.client._on_message = lambda message: welcomed.set()
        running = asyncio.ensure_future(talk.run())
        await welcomed.wait()
        await talk.client.leave()
        assert (await running)[0] == "left"
        assert seen == [protocol.Leave()]


async def test_a_message_that_the_server_would_not_take_is_refused_and_the_socket_stays():
    heard = asyncio.Queue()

    async def handler(socket):
        await hello(socket)
        await say(socket, welcome())
        async for data in socket:
            if not isinstance(message := protocol.decode_client(data), protocol.Heard):
                heard.put_nowait(message)

    async with Talk(handler, max_size=protocol.MAX_MESSAGE_BYTES) as talk:
        welcomed = asyncio.Event()
        talk.client._on_message = lambda message: welcomed.set()
        running = asyncio.ensure_future(talk.run())
        await welcomed.wait()
        with pytest.raises(ProtocolError, match=r"send-chat.*256 kB") as refused:
            talk.client.send(protocol.SendChat(text="x" * 300_000))
        assert refused.value.code == "too-large"
        talk.client.send(protocol.SendChat(text="short"))
        assert await asyncio.wait_for(heard.get(), 20) == protocol.SendChat(text="short")
        assert not talk.lost
        running.cancel()


async def test_a_hello_that_the_server_would_not_take_ends_it_with_a_sentence():
    async def handler(socket):
        await socket.wait_closed()

    async with Talk(handler) as talk:
        talk.client._name = "n" * 300_000
        with pytest.raises(ProtocolError, match="hello"):
            await talk.run()


@pytest.mark.parametrize(("young", "pauses"), [(60.0, [0.2, 0.4, 0.8, 1.6, 3.0, 3.0]), (0.0, [])])
async def test_the_pause_grows_while_sockets_die_young(monkeypatch, young, pauses):
    most, hellos = [], 0
    monkeypatch.setattr(module, "YOUNG_SECONDS", young)
    monkeypatch.setattr(module.random, "uniform", lambda low, high: most.append(high) or 0.0)

    async def handler(socket):
        nonlocal hellos
        await hello(socket)
        hellos += 1
        await say(socket, welcome())
        if hellos <= 6:
            socket.transport.abort()
            return
        await say(socket, protocol.Bye(code="x", message="y"))
        await socket.wait_closed()

    async with Talk(handler) as talk:
        await talk.run()
        assert len(talk.lost) == 6
        assert most == pytest.approx(pauses)
