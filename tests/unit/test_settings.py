import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tacore.errors import ConfigurationError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded
from tacore.settings.model import Settings
from tests.support.configuration import load, problems, write_config

ROOT = Path(__file__).resolve().parents[2]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only read by the settings, never bound


def test_settings_when_nothing_is_set_are_the_contracts_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path).settings
    assert (settings.env, settings.log_level) == ("development", "INFO")
    assert (settings.zmq.frontend_port, settings.zmq.backend_port, settings.api.port) == (5555, 5556, 8000)
    assert (settings.zmq.bind, settings.zmq.hwm, settings.redis.max_connections) == ("127.0.0.1", 1000, 20)
    assert (settings.zmq.max_message_bytes, settings.zmq.max_frames) == (1024 * 1024, 8)
    assert (settings.broker.default_timeout_ms, settings.broker.unserved_wait_s) == (5000, 2.0)
    assert settings.worker.count >= 2
    assert settings.worker.count % 2 == 0
    assert settings.database_path == tmp_path / "data" / "tacore.db"


def test_settings_when_each_layer_sets_a_value_take_the_strongest_and_say_where_from(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {frontend_port: 6001, backend_port: 6002, hwm: 50}\nworker: {count: 3}\n")
    loaded = load(tmp_path, {"worker.count": 7}, ZMQ_FRONTEND_PORT="7001", WORKER_COUNT="5")
    assert (loaded.settings.worker.count, loaded.origin("worker.count")) == (7, "flag --worker.count")
    assert loaded.settings.zmq.frontend_port == 7001
    assert loaded.origin("zmq.frontend_port") == "environment ZMQ_FRONTEND_PORT"
    assert (loaded.settings.zmq.hwm, loaded.origin("zmq.hwm")) == (50, "config/config.yaml")
    assert (loaded.settings.zmq.max_frames, loaded.origin("zmq.max_frames")) == (8, "default")


def test_nested_section_when_set_in_part_keeps_the_other_layers_values_and_its_own_defaults(
    tmp_path: Path,
) -> None:
    write_config(tmp_path, "cache:\n  wait_s: 1\n  risk: {ttl_open_s: 3, ttl_closed_s: 4}\n  quote:\n")
    loaded = load(tmp_path, {"cache.lock_s": 5}, TACORE_CACHE__RISK__TTL_OPEN_S="7")
    cache = loaded.settings.cache
    assert (cache.wait_s, cache.lock_s, cache.max_value_kb) == (1, 5, 1024)
    assert (cache.risk.ttl_open_s, cache.risk.ttl_closed_s, cache.risk.max_entries) == (7, 4, 1000)
    assert (cache.bars.ttl_open_s, cache.quote.max_entries) == (30, 5000)
    assert loaded.origin("cache.risk.ttl_open_s") == "environment TACORE_CACHE__RISK__TTL_OPEN_S"
    assert loaded.origin("cache.risk.ttl_closed_s") == "config/config.yaml"
    assert loaded.origin("cache.risk.max_entries") == "default"


def test_nested_section_when_its_words_are_wrong_is_refused_with_the_nearest(tmp_path: Path) -> None:
    write_config(tmp_path, "cache: {rsk: {ttl_open_s: 3}, bars: {ttl_opn_s: 1}, quote: 7}\n")
    told = "\n".join(problems(tmp_path))
    assert "did you mean cache.risk?" in told
    assert "did you mean cache.bars.ttl_open_s?" in told
    assert "config/config.yaml: cache.quote = 7: a section of settings is needed" in told


@pytest.mark.parametrize(
    ("name", "value", "key", "expected"),
    [
        ("TACORESERVICE_ENV", "Production", "env", "production"),
        ("TACORESERVICE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("REDIS_URL", "redis://cache:6379/0", "redis.url", "redis://cache:6379/0"),
        ("WORKER_COUNT", "9", "worker.count", 9),
        ("ZMQ_FRONTEND_PORT", "7001", "zmq.frontend_port", 7001),
        ("ZMQ_BACKEND_PORT", "7002", "zmq.backend_port", 7002),
        ("API_PORT", "7003", "api.port", 7003),
        ("TACORE_ZMQ__HWM", "77", "zmq.hwm", 77),
        ("TACORE_REDIS__MAX_CONNECTIONS", "4", "redis.max_connections", 4),
        ("TACORE_DEBUG_METHODS", "1", "debug_methods", True),
        ("TACORE_JOURNAL__PERFORMANCE_LOG", "false", "journal.performance_log", False),
        ("TACORE_BROKER__UNSERVED_WAIT_S", "0.25", "broker.unserved_wait_s", 0.25),
    ],
)
def test_settings_when_a_variable_is_set_have_its_value(
    tmp_path: Path, name: str, value: str, key: str, expected: object
) -> None:
    loaded = load(tmp_path, None, **{name: value})
    found: Any = loaded.settings
    for part in key.split("."):
        found = getattr(found, part)
    assert found == expected
    assert type(found) is type(expected)
    assert loaded.origin(key) == f"environment {name}"


def test_settings_when_a_variable_is_empty_fall_through_to_the_file(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {frontend_port: 6001}\n")
    loaded = load(tmp_path, ZMQ_FRONTEND_PORT="")
    assert loaded.settings.zmq.frontend_port == 6001


def test_settings_when_a_flag_is_none_count_it_as_not_given(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"zmq.frontend_port": None}, ZMQ_FRONTEND_PORT="7001")
    assert loaded.settings.zmq.frontend_port == 7001


def test_origin_when_the_flag_has_another_name_shows_it_as_typed(tmp_path: Path) -> None:
    loaded = load_settings({"worker.count": 3}, environ={}, cwd=tmp_path, flag_names={"worker.count": "-n"})
    assert loaded.origin("worker.count") == "flag -n"


@pytest.mark.parametrize("database", ["journal/x.db", "./journal/./x.db"])
def test_database_path_when_relative_is_under_home(tmp_path: Path, database: str) -> None:
    home = tmp_path / "home"
    settings = load(tmp_path, TACORE_HOME=str(home), DATABASE_PATH=database).settings
    assert settings.database_path == home / "journal" / "x.db"


def test_database_path_when_absolute_stays(tmp_path: Path) -> None:
    settings = load(tmp_path, DATABASE_PATH="/var/lib/tacore/x.db").settings
    assert settings.database_path == Path("/var/lib/tacore/x.db")


def test_home_when_relative_is_under_the_working_folder_and_holds_all_folders(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"home": "service"}, TACORE_HOME="/elsewhere")
    settings = loaded.settings
    assert settings.home == tmp_path / "service"
    assert loaded.origin("home") == "flag --home"
    assert [settings.data_dir, settings.logs_dir, settings.run_dir] == [
        tmp_path / "service" / name for name in ("data", "logs", "run")
    ]


def test_home_when_it_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [line] = problems(tmp_path, TACORE_HOME="file")
    assert line.startswith("environment TACORE_HOME: home = ")
    assert line.endswith("not a folder; allowed: a folder")


def test_unknown_key_when_in_the_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {hmw: 5}\n")
    assert problems(tmp_path) == ["config/config.yaml: zmq.hmw = 5: unknown key; did you mean zmq.hwm?"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("frontend_port: 1\n", "did you mean zmq.frontend_port?"),
        ("jornal: {commit_ms: 5}\n", "did you mean journal?"),
        ("zmq.hwm: 5\n", "a dotted key: write the section, and the field below it"),
        ("12: 5\n", "12 = 5: unknown key"),
        ("home: /x\n", "allowed: --home or TACORE_HOME"),
        ("zmq: 5\n", "zmq = 5: a section of settings is needed"),
    ],
)
def test_file_when_a_key_is_misplaced_is_refused_saying_how(tmp_path: Path, text: str, expected: str) -> None:
    write_config(tmp_path, text)
    [line] = problems(tmp_path)
    assert expected in line


def test_unknown_key_when_a_flag_is_refused_naming_the_flag(tmp_path: Path) -> None:
    [line] = problems(tmp_path, {"api.prot": 1})
    assert line == "flag --api.prot: api.prot = 1: unknown key; did you mean api.port?"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("TACORE_ZMQ__HMW", "TACORE_ZMQ__HWM"),
        ("TACORE_HOM", "TACORE_HOME"),
        ("TACORE_CONFG", "TACORE_CONFIG"),
        ("TACORE_API__PORT", "API_PORT"),
        ("TACORESERVICE_LOGLEVEL", "TACORESERVICE_LOG_LEVEL"),
    ],
)
def test_unknown_variable_when_it_has_our_prefix_is_refused_with_a_suggestion(
    tmp_path: Path, name: str, suggestion: str
) -> None:
    [line] = problems(tmp_path, None, **{name: "5"})
    assert line == f"environment {name} = '5': unknown variable; did you mean {suggestion}?"


@pytest.mark.parametrize(
    "name",
    ["TACORE_PORT", "TACORE_SERVICE_HOST", "TACORE_BROKER_SERVICE_PORT_RPC", "TACORE_PORT_5555_TCP_ADDR"],
)
def test_variable_when_kubernetes_made_it_is_ignored(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, None, **{name: "tcp://10.0.0.1:5555"}).settings == load(tmp_path).settings


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("zmq.hwm", "yes", "a whole number from 1 to 1000000"),
        ("zmq.hwm", "0", "a whole number from 1 to 1000000"),
        ("api.port", "65536", "a whole number from 1 to 65535"),
        ("journal.commit_ms", "9.5", "a whole number from 1 to 10000"),
        ("worker.heartbeat_s", ".nan", "a number from 0.05 to 60"),
        ("worker.heartbeat_s", ".inf", "a number from 0.05 to 60"),
        ("worker.pool", "'a pool'", "a short name"),
        ("journal.payloads", "some", "one of none, params, all"),
        ("journal.performance_log", "maybe", "true or false"),
        ("redis.url", "http://cache", "empty, or a redis://, rediss:// or unix:// URL"),
        ("redis.url", "redis://cache:x", "empty, or a redis://, rediss:// or unix:// URL"),
        ("zmq.bind", "''", "an IP address, a host name or *"),
        ("zmq.hwm", "null", "a whole number from 1 to 1000000"),
    ],
)
def test_value_when_wrong_is_refused_naming_file_key_and_what_is_allowed(
    tmp_path: Path, key: str, value: str, allowed: str
) -> None:
    section, name = key.split(".")
    write_config(tmp_path, f"{section}:\n  {name}: {value}\n")
    [line] = problems(tmp_path)
    assert line.startswith(f"config/config.yaml: {key} = ")
    assert line.endswith(f"; allowed: {allowed}")


def test_value_when_wrong_in_the_environment_is_shown_with_its_variable(tmp_path: Path) -> None:
    [line] = problems(tmp_path, ZMQ_FRONTEND_PORT="abc")
    assert line.startswith("environment ZMQ_FRONTEND_PORT: zmq.frontend_port = 'abc': ")


def test_problems_when_there_are_many_are_told_all_at_once(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {hmw: 5}\nenv: staging\n")
    write_config(tmp_path, "markts: {}\n", "trading_config.yaml")
    write_config(tmp_path, "handlers: [\n", "logging.yaml")
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, {"api.port": 0}, TACORE_HOM="/x", TACORE_WORKER__POOL="A B")
    found = {(each["where"], each["key"]) for each in raised.value.details["problems"]}
    assert found == {
        ("config/config.yaml", "zmq.hmw"),
        ("config/config.yaml", "env"),
        ("config/trading_config.yaml", "markts"),
        ("config/logging.yaml", ""),
        ("flag --api.port", "api.port"),
        ("environment TACORE_HOM", ""),
        ("environment TACORE_WORKER__POOL", "worker.pool"),
    }
    assert raised.value.message.startswith("7 wrong settings:\n")


def test_problem_when_the_value_holds_a_password_hides_it_everywhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, REDIS_URL="http://me:hunter2@cache")
    error = raised.value
    told = f"{error.message}{error.details}{error.__context__}{error.__cause__}"
    assert "http://me:***@cache" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("key", ["zmq.bind", "api.bind"])
@pytest.mark.parametrize("host", [EVERYWHERE, "*", "::", "192.168.1.5", "trading.example", "2130706433"])
def test_bind_when_beyond_loopback_is_refused(tmp_path: Path, key: str, host: str) -> None:
    [line] = problems(tmp_path, {key: host})
    assert line.startswith(f"flag --{key}: {key} = '{host}': binding beyond loopback is refused")
    assert "security.trust_network: container" in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_bind_when_on_loopback_is_taken(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, {"zmq.bind": host}).settings.zmq.bind == host


@pytest.mark.parametrize(
    ("host", "bound", "reached"),
    [
        (EVERYWHERE, "tcp://0.0.0.0:5555", "tcp://127.0.0.1:5555"),
        ("*", "tcp://*:5555", "tcp://127.0.0.1:5555"),
        ("10.1.2.3", "tcp://10.1.2.3:5555", "tcp://10.1.2.3:5555"),
        ("::1", "tcp://[::1]:5555", "tcp://[::1]:5555"),
        ("localhost", "tcp://127.0.0.1:5555", "tcp://127.0.0.1:5555"),
    ],
)
def test_endpoint_when_the_network_is_trusted_can_be_bound_and_connected_to(
    tmp_path: Path, host: str, bound: str, reached: str
) -> None:
    flags = {"zmq.bind": host, "security.trust_network": "container"}
    settings = load(tmp_path, flags).settings
    assert (settings.frontend_bind, settings.frontend_endpoint) == (bound, reached)
    assert settings.backend_bind == bound.replace("5555", "5556")
    assert settings.backend_endpoint == reached.replace("5555", "5556")


@pytest.mark.parametrize(
    ("flags", "key"),
    [
        ({"zmq.backend_port": 5555}, "zmq.backend_port"),
        ({"api.port": 5556}, "api.port"),
        ({"broker.default_timeout_ms": 5000, "broker.max_timeout_ms": 4000}, "broker.default_timeout_ms"),
        ({"worker.restart_backoff_s": 9.0, "worker.restart_backoff_max_s": 5}, "worker.restart_backoff_s"),
    ],
)
def test_settings_when_two_contradict_each_other_are_refused(
    tmp_path: Path, flags: dict[str, float], key: str
) -> None:
    [line] = problems(tmp_path, flags)
    assert line.startswith(f"flag --{key}: {key} = {flags[key]}: ")


def test_loaded_when_handed_over_as_json_is_the_same(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"worker.heartbeat_s": 0.1}, TACORE_HOME="elsewhere", WORKER_COUNT="5")
    assert Settings.model_validate_json(loaded.settings.model_dump_json()) == loaded.settings
    assert Loaded.from_json(loaded.to_json()) == loaded


def test_settings_when_read_from_json_ignore_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = load(tmp_path).settings.model_dump_json()
    monkeypatch.setenv("ZMQ_FRONTEND_PORT", "7001")
    monkeypatch.setenv("TACORE_HOME", "/elsewhere")
    monkeypatch.chdir("/")
    assert Settings.model_validate_json(text) == load(tmp_path).settings


def test_json_logs_when_format_is_auto_follow_the_environment_setting(tmp_path: Path) -> None:
    assert not load(tmp_path).settings.json_logs
    assert load(tmp_path, {"env": "production"}).settings.json_logs
    assert not load(tmp_path, {"env": "production", "logs.format": "text"}).settings.json_logs
    assert load(tmp_path, {"logs.format": "json"}).settings.json_logs


def test_names_when_imported_bring_nothing_heavy_along() -> None:
    code = "import sys, tacore.settings.names; print({'pydantic', 'yaml', 'logging'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "set()"
