"""Settings from flags, environment and defaults; the import that must stay light."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from serve.__main__ import main
from serve.settings import Settings
from tests.conftest import REPOSITORY


def test_flag_over_environment_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load() == Settings()
    assert Settings.load().port == 8000
    monkeypatch.setenv("F1_PORT", "9000")
    assert Settings.load().port == 9000
    assert Settings.load(["--port", "9001"]).port == 9001
    monkeypatch.setenv("F1_OUT", "/data")
    assert Settings.load().out == Path("/data")
    monkeypatch.setenv("F1_ACCESS_LOG", "off")
    assert Settings.load().access_log is False
    assert Settings.load(["--access-log"]).access_log is True


def test_an_empty_variable_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """No origins, not the default, which is all of them."""
    monkeypatch.setenv("F1_CORS_ORIGINS", "")
    assert Settings.load().cors_origins == ""


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("F1_PORT", "http", "'http' is not a valid integer range."),
        ("F1_STALL_TIMEOUT", "long", "'long' is not a valid float range."),
        ("F1_WORKERS", "0", "0 is not in the range"),
        ("F1_SENDFILE", "apache", "'apache' must be nginx, or nothing."),
        ("F1_PORT", "65536", "65536 is not in the range 0<=x<=65535."),
        ("F1_WS_PING", "nan", "nan is not a finite number."),
        ("F1_WS_IDLE", "inf", "inf is not in the range"),
        ("F1_CDN_URL", "cdn.example/f1", "'cdn.example/f1' must begin with https:// or http://."),
        ("F1_CDN_URL", "https://a.example; x", "must begin with https:// or http://."),
        ("F1_ACCESS_LOG", "maybe", "'maybe' is not a valid boolean."),
    ],
)
def test_what_cannot_be_understood(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    """However the server is started, the sentence names the option, its variable and the value."""
    monkeypatch.setenv(variable, value)
    flag = variable.removeprefix("F1_").lower().replace("_", "-")
    with pytest.raises(click.UsageError) as refused:
        Settings.load()
    assert refused.value.format_message().startswith(f"Invalid value for '--{flag}'")
    assert f"(env var: '{variable}'): " in refused.value.format_message()
    assert sentence in refused.value.format_message()
    result = CliRunner().invoke(main)
    assert result.exit_code == 2
    assert result.output.endswith(f"Error: {refused.value.format_message()}\n")


def test_the_environment_carries_settings_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(out=Path("/data"), cors_origins="", cache_mb=0, access_log=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings


def test_every_setting_is_a_documented_flag() -> None:
    help_text = CliRunner().invoke(main, ["--help"]).output
    for variable in Settings().environment():
        assert variable in help_text
        assert "--" + variable.removeprefix("F1_").lower().replace("_", "-") in help_text


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_not_there_is_said_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    started: list[Settings] = []
    monkeypatch.setattr("serve.__main__.run", started.append)
    monkeypatch.setattr("os.environ", dict(os.environ))
    out = tmp_path if there else tmp_path / "nope"
    result = CliRunner().invoke(main, ["--out", str(out)])
    said = f"Warning: {out} is no folder (yet): check --out, or publish there\n"
    assert result.stderr == ("" if there else said)
    assert [settings.out for settings in started] == [out]


def test_the_app_starts_fast_and_imports_nothing_heavy() -> None:
    heavy = ("fastf1", "pandas", "numpy", "pyarrow", "boto3")
    code = (
        "import sys; from serve.app import create_app; create_app(); "
        f"sys.exit([name for name in {heavy} if name in sys.modules] or 0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Time on the processor, so that a busy machine does not fail it.
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 1
