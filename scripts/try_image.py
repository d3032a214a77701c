"""Build deploy/Dockerfile in a fresh Debian root and run docker-compose.yml's services, without Docker.

It wants root, debootstrap, util-linux and iproute2. Python is Debian's, not that of the real base image.
"""

import argparse
import io
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from scripts.boxes import Box
from scripts.dockerfile import Stage, context, follow
from tacore.cli.exits import CONFIGURATION

TOP = Path(__file__).resolve().parents[1]
PACKAGES = "python3,python3-venv,ca-certificates"
COMPILERS = ("gcc", "cc", "g++", "make", "ld")
WITHIN_S = 90.0
SETTINGS = {"TACORESERVICE_ENV": "production"}
ORDER = "execute.order --symbol AAPL --action buy --quantity 10 --idempotency_key trial"


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"image: {what}", flush=True)


def make_base(folder: Path) -> Path:
    """Make the root that stands for the base image, once."""
    base = folder / "base"
    if not (folder / "base.made").exists():
        shutil.rmtree(base, ignore_errors=True)
        say(f"debootstrap bookworm with {PACKAGES}")
        bootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(base)]
        subprocess.run(bootstrap, check=True, stdout=subprocess.DEVNULL)
        (folder / "base.made").touch()
    # How this machine reaches packages: its name servers, and the authorities it trusts.
    for each in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(Path("/") / each, base / each)
    return base


def build(folder: Path) -> None:
    """Follow the Dockerfile; leave its last stage for `start`."""
    base = make_base(folder)
    for old in ("context", "build", "last"):
        shutil.rmtree(folder / old, ignore_errors=True)
    context(TOP, folder / "context")
    stage = follow(TOP / "deploy" / "Dockerfile", base, folder / "context", folder)
    (folder / "stage").write_bytes(pickle.dumps(stage))
    tools = [each for each in COMPILERS if shutil.which(each, path=f"{stage.root}/usr/bin:{stage.root}/bin")]
    expect(not tools, "the last stage has no compiler", tools)
    writable = subprocess.run(
        [
            "find",
            f"{stage.root}/opt/tacore",
            "(",
            "-perm",
            "/022",
            "-o",
            "!",
            "-user",
            "0",
            ")",
            "!",
            "-type",
            "l",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    expect(not writable, "nobody but root may write to the installation", writable)


def expect(true: object, what: str, said: object = "") -> None:
    """Say that something holds; end where it does not."""
    if not true:
        raise SystemExit(f"image: NOT SO: {what}: {said}")
    say(f"ok: {what}")


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WITHIN_S
    while not (held := true()) and time.monotonic() < deadline:
        time.sleep(0.5)
    expect(held, what, f"not within {WITHIN_S:g} s")


def start(folder: Path) -> None:
    """Run the services, in a network namespace of their own, and try them."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    stage: Stage = pickle.loads((folder / "stage").read_bytes())  # noqa: S301 - written by `build`
    services = yaml.safe_load((TOP / "deploy" / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    (stage.root / "etc" / "hosts").write_text(f"127.0.0.1 localhost {' '.join(services)}\n", encoding="utf-8")
    volumes = folder / "volumes"
    shutil.rmtree(volumes, ignore_errors=True)
    volumes.mkdir()
    started: list[Box] = []

    def box(service: str, name: str = "", **settings: str) -> Box:
        named = name or service
        made = Box(named, stage, services[service], volumes, volumes / f"{named}.log")
        made.start(SETTINGS | settings)
        started.append(made)
        return made

    redis = _redis(services["redis"]["command"])
    try:
        _try(box)
    finally:
        for each in started:
            if each.process is not None and each.process.poll() is None:
                each.process.kill()
                each.process.wait()
        if redis is not None:
            redis.kill()
            redis.wait()


def _redis(command: list[object]) -> "subprocess.Popen[bytes] | None":
    if shutil.which("redis-server") is None:
        say("no redis-server here: the shared cache is left out")
        return None
    return subprocess.Popen([*map(str, command), "--dir", "/"], stdout=subprocess.DEVNULL)


def _try(box: Callable[..., Box]) -> None:
    broker = box("broker")
    eventually(
        broker.healthy, "the broker's container is healthy, with a read-only root and without a capability"
    )
    workers = [box("worker", name) for name in ("worker-1", "worker-2")]
    for each in workers:
        eventually(each.healthy, f"{each.name} is healthy: the broker lists it")
    _try_monitor(box, broker)
    _try_service(broker)
    workers[0].signal(signal.SIGKILL)
    workers[0].wait(WITHIN_S)
    expect(
        not _run(broker, "call get.market_data --symbols MSFT").returncode, "a killed container costs no read"
    )
    _try_backup(broker)
    for each in (broker, workers[1]):
        each.signal(signal.SIGTERM)
        ended = each.wait(WITHIN_S)
        expect(ended == 0, f"{each.name} ends in order on SIGTERM as process 1 of its container", ended)
    again = box("broker", "broker")
    eventually(again.healthy, "a new broker's container takes the volumes over")
    _run(again, f"call {ORDER}")
    orders = _run(again, "orders --columns order_id,idempotency_key -o csv").stdout.split()
    expect(orders[1:] == [b"o-000000000001,trial"], "the same order, sent again, is not placed twice", orders)
    again.signal(signal.SIGTERM)
    expect(again.wait(WITHIN_S) == 0, "and it ends in order")


def _try_monitor(box: Callable[..., Box], broker: Box) -> None:
    if _run(broker, "monitor --help").returncode:
        say("not tried: this version has no command `monitor`")
        return
    monitor = box("monitor")
    eventually(monitor.healthy, "the monitor's container is healthy")
    monitor.signal(signal.SIGTERM)
    ended = monitor.wait(WITHIN_S)
    expect(ended == 0, "the monitor ends in order on SIGTERM", ended)


def _try_service(broker: Box) -> None:
    placed = _run(broker, f"call {ORDER}")
    expect(not placed.returncode, "an order is placed", placed.stderr)
    shown = _run(broker, "logs --method execute.order")
    expect(b"execute.order" in shown.stdout, "the journal shows it", shown.stderr)
    refused = _run(broker, "config validate", TACORE_SECURITY__TRUST_NETWORK="")
    expect(
        refused.returncode == CONFIGURATION,
        "binding beyond loopback is refused without trust_network",
        refused.stderr,
    )
    writes = broker.run("sh", "-c", "touch /opt/tacore/x || touch /usr/x")
    expect(writes.returncode, "nothing can be written outside of the volumes")


def _try_backup(broker: Box) -> None:
    done = broker.run("tacore-backup")
    expect(not done.returncode, "a backup is made while the service runs", done.stderr)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        names = archive.getnames()
    expect({"data/ledger.db", "data/tacore.db"} <= set(names), "it holds journal and ledger", names)


def _run(box: Box, words: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
    return box.run("tacore", *words.split(), **environ)


def main() -> None:
    """Do both parts, the second in a network namespace of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["build", "start"], help="one part alone")
    parser.add_argument(
        "--folder", type=Path, default=TOP / "build" / "image", help="where the roots are made"
    )
    options = parser.parse_args()
    missing = [
        each for each in ("debootstrap", "unshare", "setpriv", "nsenter", "ip") if not shutil.which(each)
    ]
    if os.getuid() or missing:
        sys.exit(f"image: this needs root{', and ' + ', '.join(missing) if missing else ''}")
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.part in (None, "build"):
        build(options.folder)
    if options.part is None:
        own = ["unshare", "--net", sys.executable, "-m", "scripts.try_image", "start"]
        sys.exit(subprocess.run([*own, "--folder", str(options.folder)], check=False).returncode)
    if options.part == "start":
        start(options.folder)


if __name__ == "__main__":
    main()
