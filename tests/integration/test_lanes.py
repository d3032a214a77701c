"""A real service with short cuts around ZeroMQ and one without: both answer, and only the one has them."""

import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import journal_rows
from tests.support.load import keep_in_flight, request
from tests.support.service import Service, wait_until


def lanes_of(service: Service) -> int:
    """Count the lanes that the broker has open, beside the socket that takes them."""
    found = [
        each
        for each in psutil.Process(service.broker_pid()).net_connections("unix")
        if each.type == socket.SOCK_SEQPACKET and "tacore-" in str(each.laddr)
    ]
    return max(0, len(found) - 1)


@pytest.mark.parametrize(("lanes", "direct"), [(True, True), (True, False), (False, False)])
def test_service_when_with_short_cuts_or_without_answers_each_request_once(
    tmp_path: Path, lanes: bool, direct: bool
) -> None:
    with Service(tmp_path, workers=2, broker__lanes=lanes, broker__direct=direct) as service:
        wanted = 2 if lanes and sys.platform == "linux" else 0
        wait_until(lambda: lanes_of(service) == wanted, "each worker has a lane")
        bodies = (
            (f"lane-{n}", request(f"lane-{n}", "debug.echo", {"text": "x" * (n % 7 * 30_000)}))
            for n in range(1_000)
        )
        answers = keep_in_flight(service.endpoint, bodies)
        assert (len(answers.replies), answers.duplicates, answers.codes()) == (1_000, 0, {})
        logged = journal_rows.rows(service, "lane-")
        assert journal_rows.counts(logged) == {f"lane-{n}": 1 for n in range(1_000)}
        service.kill(service.registered()[0])
        wait_until(lambda: lanes_of(service) == wanted, "the next worker has one too")
