"""Settings from flags, environment and defaults; the import that must stay light."""

import resource
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from serve.__main__ import main
from serve.settings import TABLE, Settings, SettingsError
from tests.serve.support import ROOT


def test_the_table_names_every_setting_once() -> None:
    assert [setting.name for setting in TABLE] == [field.name for field in fields(Settings)]


def test_flag_over_environment_over_default() -> None:
    assert Settings.load({}).port == 8000
    assert Settings.load({"F1_PORT": "9000"}).port == 9000
    assert Settings.load({"F1_PORT": "9000"}, port="9001", out=None).port == 9001
    assert Settings.load({"F1_OUT": "/data"}).out == Path("/data")
    assert Settings.load({"F1_ACCESS_LOG": "off"}).access_log is False
    assert Settings.load({"F1_ACCESS_LOG": "off"}, access_log=True).access_log is True


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"F1_PORT": "http"}, "F1_PORT must be a whole number, not 'http'"),
        ({"F1_STALL_TIMEOUT": "long"}, "F1_STALL_TIMEOUT must be a number, not 'long'"),
        ({"F1_WORKERS": "0"}, "F1_WORKERS must be at least 1, not 0"),
        ({"F1_SENDFILE": "apache"}, "F1_SENDFILE must be one of '', 'nginx', not 'apache'"),
        ({"F1_PORT": "65536"}, "F1_PORT must be at most 65535, not 65536"),
        ({"F1_WS_PING": "nan"}, "F1_WS_PING must be at least 0.1, not nan"),
        ({"F1_WS_IDLE": "inf"}, "F1_WS_IDLE must be at most"),
        ({"F1_CDN_URL": "cdn.example/f1"}, "F1_CDN_URL must begin with https:// or http://"),
        ({"F1_CDN_URL": "https://a.example; x"}, "F1_CDN_URL must begin with https:// or http://"),
        ({"F1_ACCESS_LOG": "maybe"}, "F1_ACCESS_LOG must be true or false, not 'maybe'"),
    ],
)
def test_what_cannot_be_understood(env: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        Settings.load(env)


def test_the_environment_carries_settings_to_workers() -> None:
    settings = Settings.load({}, out="/data", cors_origins="https://a.example", access_log=False)
    assert Settings.load(settings.environment()) == settings


def test_every_setting_is_a_documented_flag() -> None:
    help_text = CliRunner().invoke(main, ["--help"]).output
    for setting in TABLE:
        assert setting.flag in help_text
        assert setting.env in help_text


def test_a_wrong_value_is_one_sentence() -> None:
    result = CliRunner().invoke(main, ["--port", "x"])
    assert result.exit_code == 2
    assert "F1_PORT must be a whole number" in result.output
    assert "Traceback" not in result.output


def test_the_app_starts_fast_and_imports_nothing_heavy() -> None:
    heavy = ("fastf1", "pandas", "numpy", "pyarrow", "boto3")
    code = (
        "import sys; from serve.app import create_app; create_app(); "
        f"sys.exit([name for name in {heavy} if name in sys.modules] or 0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Time on the processor, so that a busy machine does not fail it.
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 1
