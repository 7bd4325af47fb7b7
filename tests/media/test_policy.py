import pytest

from rtc_notebook.media.policy import STALL_SECONDS, FilterPolicy


@pytest.mark.parametrize("on_error", ["pass", "hold"])
def test_while_the_filter_answers_nothing_raw_is_sent(on_error):
    policy = FilterPolicy(on_error)
    for sequence in range(1, 100):
        assert policy.picture(sequence / 30) is None
        assert policy.result(sequence, failed=False) == "result"
    assert policy.take_counts() == (99, 0)
    assert policy.take_counts() == (0, 0)


@pytest.mark.parametrize(("on_error", "sent"), [("pass", "raw"), ("hold", None)])
def test_a_failed_picture_goes_by_the_policy(on_error, sent):
    policy = FilterPolicy(on_error)
    policy.picture(0)
    assert policy.result(1, failed=True) == sent
    assert policy.picture(0.1) is None
    assert policy.result(2, failed=False) == "result"


@pytest.mark.parametrize(("on_error", "sent"), [("pass", "raw"), ("hold", None)])
def test_a_stalled_filter_goes_by_the_policy_and_is_back_with_its_first_result(on_error, sent):
    policy = FilterPolicy(on_error)
    policy.picture(0)
    policy.result(1, failed=False)
    now = 1.0
    while now <= 1.0 + STALL_SECONDS:
        assert policy.picture(now) is None
        assert not policy.stalled(now)
        now += 0.1
    assert policy.picture(now) == sent
    assert policy.stalled(now)
    assert policy.result(2, failed=False) == "result"
    assert not policy.stalled(now)
    assert policy.picture(now + 0.1) is None


def test_a_camera_that_was_off_is_no_stall():
    policy = FilterPolicy("pass")
    policy.picture(0)
    policy.result(1, failed=False)
    assert policy.picture(100) is None


def test_nothing_raw_before_the_first_result():
    policy = FilterPolicy("pass")
    assert [policy.picture(at / 30) for at in range(30)] == [None] * 30


def test_an_old_result_is_not_sent_again():
    policy = FilterPolicy("pass")
    assert policy.result(5, failed=False) == "result"
    assert policy.result(5, failed=False) is None
    assert policy.result(4, failed=False) is None
