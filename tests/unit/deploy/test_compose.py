"""docker-compose.yml: who may reach what, as whom it runs, and that its words mean something to tacore."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tacore.cli.spoken import commands
from tacore.settings.describe import entries
from tacore.settings.load import load_settings
from tacore.settings.names import NOT_SETTINGS

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
TEXT = (DEPLOY / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(set(SERVICES) - {"redis"})
COMING = {"monitor start"}
"""What the compose file starts and this version may not have yet."""


def set_by(name: str) -> dict[str, str]:
    """Give a service's environment, with the example's settings and compose's defaults in it."""
    lines = (DEPLOY / "tacore.env.example").read_text(encoding="utf-8").splitlines()
    shared = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    own = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
    return {key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for key, value in (shared | own).items()}


def test_services_when_listed_are_those_of_the_contract() -> None:
    assert set(SERVICES) == {"broker", "worker", "monitor", "redis"}


@pytest.mark.parametrize("name", SERVICES)
def test_port_when_published_is_on_the_hosts_loopback_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        host, _, _ = port.partition(":")
        assert ipaddress.ip_address(host).is_loopback
    assert "network_mode" not in SERVICES[name]


def test_ports_when_published_are_those_of_clients_and_of_the_monitor() -> None:
    published = {
        name: [port.rpartition(":")[2] for port in each.get("ports", [])] for name, each in SERVICES.items()
    }
    assert published == {"broker": ["5555"], "monitor": ["8000"], "worker": [], "redis": []}


@pytest.mark.parametrize("name", SERVICES)
def test_service_when_it_runs_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in {"", "0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert all("docker.sock" not in volume for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", SERVICES)
def test_service_when_it_fails_is_noticed_started_again_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["pids_limit"] > 0
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_redis_when_it_runs_is_reached_from_inside_alone() -> None:
    assert SERVICES["redis"]["networks"] == ["cache"]
    assert COMPOSE["networks"]["cache"] == {"internal": True}


@pytest.mark.parametrize("name", OURS)
def test_environment_when_set_names_real_settings(name: str) -> None:
    known = {each.env for each in entries()} | set(NOT_SETTINGS)
    assert set(set_by(name)) - known == set()


@pytest.mark.parametrize("name", OURS)
def test_environment_when_set_is_accepted_by_tacore(name: str, tmp_path: Path) -> None:
    settings = load_settings(environ=set_by(name) | {"TACORE_HOME": str(tmp_path)}, cwd=tmp_path).settings
    assert settings.production
    assert (settings.zmq.frontend_port, settings.zmq.backend_port, settings.api.port) == (5555, 5556, 8000)
    assert settings.redis.url == "redis://redis:6379/0"
    assert (settings.zmq.bind != "127.0.0.1") is (name == "broker")
    assert (settings.api.bind != "127.0.0.1") is (name == "monitor")


def test_trust_when_given_is_given_to_those_alone_who_bind_beyond_loopback() -> None:
    trusting = {name for name in OURS if "TACORE_SECURITY__TRUST_NETWORK" in set_by(name)}
    binding = {name for name in OURS if any(key.endswith("__BIND") for key in set_by(name))}
    assert trusting == binding == {"broker", "monitor"}


@pytest.mark.parametrize("name", OURS)
def test_command_when_given_is_one_that_tacore_has_with_its_options(name: str) -> None:
    known = commands()
    words = [str(word) for word in SERVICES[name]["command"]]
    spoken = next((each for each in (" ".join(words[:2]), words[0]) if each in known), None)
    if spoken is None:
        assert " ".join(words[:2]) in COMING
        return
    assert {word for word in words if word.startswith("-")} <= set(known[spoken].options)


def test_broker_when_up_has_a_monitor_of_its_own_leaves_that_to_the_monitors_container() -> None:
    has_one = "--no-monitor" in commands()["up"].options
    assert ("--no-monitor" in SERVICES["broker"]["command"]) is has_one


def test_secret_when_given_comes_from_a_file_never_from_the_command_line() -> None:
    spoken = " ".join(str(word) for service in SERVICES.values() for word in service["command"])
    assert not re.search(r"(?<!all)key|secret|passw|token", spoken, re.IGNORECASE)
    assert all(SERVICES[name]["env_file"] == ["tacore.env"] for name in OURS)
    assert not {
        key for name in OURS for key in SERVICES[name]["environment"] if re.search("KEY|SECRET|PASS", key)
    }


def test_variable_when_compose_reads_it_is_in_the_example_with_the_same_default() -> None:
    read = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    assert shown == read | {"COMPOSE_PROJECT_NAME": "tacore"}


def test_store_when_it_has_one_writer_is_in_one_container_and_read_by_the_monitor() -> None:
    with_data = {name for name in OURS if "data:/var/lib/tacore/data" in SERVICES[name]["volumes"]}
    assert with_data == {"broker", "monitor"}
    assert "replicas" not in SERVICES["broker"]["deploy"]


@pytest.mark.parametrize("name", OURS)
def test_end_when_asked_for_has_the_time_that_a_drain_takes(name: str) -> None:
    drain_s = next(float(each.default) for each in entries() if each.key == "broker.drain_s")
    assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain_s + 15
    assert SERVICES[name]["init"] is True
