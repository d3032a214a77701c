from hypothesis import given
from hypothesis import strategies as st

from tacore.client.course import Course, Policy, Route
from tacore.client.envelope import Call
from tacore.errors import NoAnswer, NoBroker


def course(policy: Policy, *endpoints: str, method: str = "scan.market", dice: float = 1.0) -> Course:
    return Course(Call(method, "{}", "r"), policy, Route(endpoints or ("tcp://a",)), lambda: dice)


def fail(made: Course, outcome: str = "timeout") -> float | None:
    made.begin(100.0)
    return made.settle(outcome, 100.5, 1_000.0)


def test_course_when_failing_doubles_its_backoff_up_to_the_bound() -> None:
    made = course(Policy(retries=5, backoff_s=0.1, backoff_max_s=0.5))
    assert [fail(made) for _ in range(6)] == [0.1, 0.2, 0.4, 0.5, 0.5, None]
    assert made.reply is not None
    assert isinstance(made.reply.error, NoAnswer)


def test_course_when_the_dice_are_low_pauses_short_of_the_ceiling() -> None:
    made = course(Policy(backoff_s=0.1), dice=0.25)
    assert fail(made) == 0.025


@given(dice=st.floats(0, 1, exclude_max=True), count=st.integers(1, 12))
def test_course_when_pausing_stays_within_the_jitter(dice: float, count: int) -> None:
    made = course(Policy(retries=20), dice=dice)
    pause = 0.0
    for _ in range(count):
        pause = fail(made) or 0.0
    assert 0.0 <= pause <= min(2.0, 0.1 * 2 ** (count - 1))


def test_course_when_every_endpoint_refuses_goes_round_without_a_pause_first() -> None:
    made = course(Policy(retries=3), "tcp://a", "tcp://b")
    assert [fail(made, "refused") for _ in range(4)] == [0.0, 0.2, 0.0, None]
    assert [each.endpoint for each in made.attempts] == ["tcp://a", "tcp://b"] * 2
    assert made.reply is not None
    assert isinstance(made.reply.error, NoBroker)
    assert "tcp://a, tcp://b" in made.reply.error.message


def test_course_when_there_are_more_endpoints_than_retries_tries_each() -> None:
    made = course(Policy(retries=0), "tcp://a", "tcp://b", "tcp://c")
    assert [fail(made, "refused") for _ in range(3)] == [0.0, 0.0, None]


def test_course_when_an_order_was_refused_may_move_but_stays_once_sent() -> None:
    made = course(Policy(retries=3), "tcp://a", "tcp://b", method="execute.order")
    outcomes = ["refused", "timeout", "lost", "timeout"]
    for outcome in outcomes:
        fail(made, outcome)
    assert [each.endpoint for each in made.attempts] == ["tcp://a", "tcp://b", "tcp://b", "tcp://b"]


def test_course_when_unavailable_asks_another_broker_once_each() -> None:
    wire = {"status": "error", "error": {"code": "unavailable", "message": "no worker", "retryable": True}}
    made = course(Policy(retries=5), "tcp://a", "tcp://b")
    made.begin(1.0)
    assert made.settle("answered", 1.1, 2.0, wire) is not None
    made.begin(2.0)
    assert made.settle("answered", 2.1, 3.0, wire) is None
    assert made.reply is not None
    assert made.reply.error is not None
    assert made.reply.error.code == "unavailable"


def test_course_when_told_to_wait_longer_than_its_patience_gives_the_answer() -> None:
    """A provider that is left alone for 30 s says the same in 5: the caller should not sit through it."""
    wait = {
        "code": "unavailable",
        "message": "later",
        "retryable": True,
        "details": {"retry_after_ms": 30_000},
    }
    made = course(Policy(retries=5, timeout_s=5.0))
    made.begin(1.0)
    assert made.settle("answered", 1.1, 2.0, {"status": "error", "error": wait}) is None
    soon = wait | {"details": {"retry_after_ms": 3_000}}
    made = course(Policy(retries=5, timeout_s=5.0, backoff_s=0.0))
    made.begin(1.0)
    assert made.settle("answered", 1.1, 2.0, {"status": "error", "error": soon}) == 3.0


def test_course_when_attempts_are_logged_tells_when_and_how_long() -> None:
    made = course(Policy(retries=0))
    fail(made)
    (attempt,) = made.attempts
    assert (attempt.number, attempt.started, attempt.duration_s) == (1, 999.5, 0.5)
