"""The limit that the message path is measured against: libzmq's own proxy and plain REP workers.

Nothing is routed, journalled, validated or retried. Prints ``{"endpoint": ..., "pids": [...]}`` and serves
until it is terminated, or for ``--duration`` seconds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

import msgspec
import zmq


class Request(msgspec.Struct, gc=False):
    """What a worker reads."""

    request_id: str
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Reply(msgspec.Struct, gc=False):
    """What a worker answers."""

    status: str
    request_id: str
    data: msgspec.Raw
    error: None
    processing_time_ms: float
    timestamp: float


def work(endpoint: str) -> None:
    """Answer debug.echo until terminated."""
    socket = zmq.Context().socket(zmq.REP)
    socket.connect(endpoint)
    decode, encode = msgspec.json.Decoder(Request).decode, msgspec.json.Encoder().encode
    while True:
        started = time.perf_counter()
        request = decode(socket.recv())
        took_ms = (time.perf_counter() - started) * 1e3
        reply = Reply("success", request.request_id, request.params, None, took_ms, time.time())
        socket.send(encode(reply))


def main() -> None:
    """Bind both sides, start the workers and hand over to libzmq."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--duration", type=float, default=600)
    parser.add_argument("--work", metavar="ENDPOINT", help="be a worker")
    given = parser.parse_args()
    signal.alarm(int(given.duration))
    if given.work:
        work(given.work)
    context = zmq.Context()
    front, back = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    front.sndhwm = front.rcvhwm = back.sndhwm = back.rcvhwm = 0
    ports = [each.bind_to_random_port("tcp://127.0.0.1") for each in (front, back)]
    command = [sys.executable, __file__, "--work", f"tcp://127.0.0.1:{ports[1]}"]
    workers = [subprocess.Popen([*command, "--duration", str(given.duration)]) for _ in range(given.workers)]

    def end(_number: int, _frame: object) -> None:
        for worker in workers:
            worker.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGALRM, end)
    pids = [os.getpid(), *(worker.pid for worker in workers)]
    print(json.dumps({"endpoint": f"tcp://127.0.0.1:{ports[0]}", "pids": pids}), flush=True)
    while True:
        try:
            zmq.proxy(front, back)
        except zmq.ContextTerminated:
            return


if __name__ == "__main__":
    main()
