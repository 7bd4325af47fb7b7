"""What the SFU counts, as a kernel asks for it."""

import threading

import pytest
from fake_worker import FakeWorker

from rtc_notebook import Call, CallTimeout
from rtc_notebook.media.control import FromServer, ToServer
from rtc_notebook.protocol import Stats


def test_the_sfus_counters_come_by_their_id(call: Call, worker: FakeWorker):
    worker.connect()
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(call._studio.sfu.ask()))
    asking.start()
    asked = worker.wait_for(ToServer).message
    worker.say(FromServer(message=Stats(id=asked.id + 1, stats={"somebody": "else's"})))
    worker.say(FromServer(message=Stats(id=asked.id, stats={"participants": {}})))
    asking.join(5)
    assert answers == [{"participants": {}}]


def test_no_answer_is_told(call: Call, worker: FakeWorker):
    worker.connect()
    with pytest.raises(CallTimeout, match="no statistics"):
        call._studio.sfu.ask(timeout=0.05)
