import itertools
import re
from pathlib import Path

import pytest
import yaml

from scripts.make_configuration_docs import CONFIG, DOCS, config_yaml, configuration_md
from tacore.errors import ConfigurationError
from tacore.settings.describe import entries, values
from tacore.settings.files import packaged_config_dir
from tacore.settings.load import load_settings
from tacore.settings.model import Settings
from tests.support.configuration import load, problems, write_config


def test_config_yaml_when_shipped_states_every_default_and_is_fresh() -> None:
    assert CONFIG.read_text(encoding="utf-8") == config_yaml()
    shipped = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    assert Settings.model_validate(shipped) == Settings()
    stated: set[str] = set()

    def walk(section: dict[str, object], prefix: str) -> None:
        for name, value in section.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{name}.")
            else:
                stated.add(prefix + name)

    walk(shipped, "")
    assert stated == set(values(Settings())) - {"home"}


def test_config_yaml_when_shipped_has_a_comment_before_each_setting() -> None:
    lines = CONFIG.read_text(encoding="utf-8").splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"\s*\w+:", line) and not before.lstrip().startswith("#")
    ]
    assert bare == []


def test_documentation_when_read_has_every_setting_and_is_fresh() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == configuration_md()
    for key in values(Settings()):
        assert f"| `{key}` |" in text


def test_settings_when_listed_each_have_a_doc_bounds_and_a_variable() -> None:
    for entry in entries():
        assert entry.doc.endswith("."), entry.key
        assert entry.allowed not in ("a whole number", "a number"), f"{entry.key} has no bounds"
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", entry.env)
    assert len({entry.env for entry in entries()}) == len(entries())


def test_config_dir_when_there_is_none_is_the_packaged_one_and_origins_say_default(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.config_dir == packaged_config_dir()
    assert {loaded.origin(key) for key in values(loaded.settings)} == {"default"}
    assert loaded.logging["version"] == 1
    assert "markets" in loaded.trading


def test_config_dir_when_named_by_variable_is_that_one(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {hwm: 1}\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.yaml").write_text("zmq: {hwm: 2}\n")
    loaded = load(tmp_path, TACORE_CONFIG="other")
    assert (loaded.settings.zmq.hwm, loaded.origin("zmq.hwm")) == (2, "other/config.yaml")


def test_config_dir_when_the_variable_names_no_folder_is_refused(tmp_path: Path) -> None:
    [line] = problems(tmp_path, TACORE_CONFIG="nowhere")
    assert line.startswith("environment TACORE_CONFIG: no such folder: ")


def test_config_dir_when_home_and_working_folder_have_one_is_homes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    write_config(home, "zmq: {hwm: 3}\n")
    write_config(tmp_path, "zmq: {hwm: 4}\n")
    assert load(tmp_path, TACORE_HOME="home").settings.zmq.hwm == 3
    assert load(tmp_path, TACORE_HOME="elsewhere").settings.zmq.hwm == 4


def test_config_dir_when_it_has_none_of_our_files_is_somebody_elses(tmp_path: Path) -> None:
    write_config(tmp_path, "anything: at all\n", "settings.yaml")
    assert load(tmp_path).config_dir == packaged_config_dir()


def test_config_dir_when_a_file_is_missing_takes_the_packaged_one(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {hwm: 3}\n")
    loaded = load(tmp_path)
    packaged = load_settings(environ={"TACORE_CONFIG": str(packaged_config_dir())}, cwd=tmp_path)
    assert loaded.logging == packaged.logging
    assert loaded.trading == packaged.trading


def test_trading_when_it_holds_dates_hands_them_on_as_text(tmp_path: Path) -> None:
    write_config(tmp_path, "markets: {US: {replay: {at: 2013-03-01}}}\n", "trading_config.yaml")
    loaded = load(tmp_path)
    assert loaded.trading == {"markets": {"US": {"replay": {"at": "2013-03-01"}}}}
    assert loaded.trading_file == "config/trading_config.yaml"


@pytest.mark.parametrize("text", ["", "# nothing\n", "zmq:\nworker:\n"])
def test_file_when_empty_sets_nothing(tmp_path: Path, text: str) -> None:
    write_config(tmp_path, text)
    assert load(tmp_path).settings == Settings(home=tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"zmq: {hwm: 5\n", "not valid YAML: line 2, column 1"),
        (b"zmq: {hwm: 5, hwm: 6}\n", "not valid YAML: line 1, column 15: key 'hwm' is there twice"),
        (b"- a\n- b\n", "a mapping of keys to values is needed"),
        (b"env: \xff\n", "cannot be read"),
        (b"env: !!python/object/apply:os.getcwd []\n", "not valid YAML: line 1, column 6"),
        (b"{" * 5000, "not valid YAML"),
    ],
)
def test_file_when_it_is_no_mapping_in_yaml_is_refused_with_its_place(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    write_config(tmp_path, "")
    (tmp_path / "config" / "config.yaml").write_bytes(content)
    [line] = problems(tmp_path)
    assert line.startswith("config/config.yaml")
    assert expected in line


def test_file_when_it_cannot_be_read_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path, "version: 1\n", "logging.yaml")
    (tmp_path / "config" / "config.yaml").mkdir()
    [line] = problems(tmp_path)
    assert "config/config.yaml: cannot be read" in line


def test_logging_yaml_when_it_sets_the_roots_level_points_to_the_setting(tmp_path: Path) -> None:
    write_config(tmp_path, "version: 1\nroot: {level: DEBUG}\n", "logging.yaml")
    [line] = problems(tmp_path)
    assert line.startswith("config/logging.yaml: root.level = 'DEBUG'")
    assert line.endswith("allowed: log_level in config.yaml")


def test_error_when_raised_carries_its_problems_for_programs(tmp_path: Path) -> None:
    write_config(tmp_path, "zmq: {hwm: 0}\n")
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path)
    [each] = raised.value.details["problems"]
    assert (each["where"], each["key"], each["value"]) == ("config/config.yaml", "zmq.hwm", "0")
    assert raised.value.code == "configuration"
