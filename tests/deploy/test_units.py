"""The systemd units and the crontab: accepted by systemd, confined, and right about the exit codes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require
from tests.deploy.conftest import DEPLOY, Tool

UNITS = DEPLOY / "systemd"
NAMES = ["f1-precompute.service", "f1-precompute.timer", "f1-serve.service", "f1-precompute-alert@x.service"]
BIN = "opt/f1-precompute/bin"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine where the project is installed, as far as systemd looks at it: its own units and programs."""
    require(Path("/usr/lib/systemd/system").is_dir(), "systemd is not installed here")
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    into = tmp_path / "etc/systemd/system"
    into.mkdir(parents=True)
    for file in [*UNITS.glob("*.service"), *UNITS.glob("*.timer")]:
        shutil.copy(file, into)
    for program in (f"{BIN}/f1-precompute", f"{BIN}/f1-serve", "usr/bin/logger"):
        executable(tmp_path / program, "")
    return tmp_path


def executable(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def test_systemd_accepts_the_units(tool: Tool, root: Path) -> None:
    done = tool("systemd-analyze", "verify", f"--root={root}", *NAMES)
    assert not done.stdout + done.stderr


def test_the_service_that_goes_on_instead(tool: Tool, root: Path) -> None:
    into = root / "etc/systemd/system/f1-precompute.service.d/watch.conf"
    into.parent.mkdir()
    shutil.copy(UNITS / "watch.conf", into)
    done = tool("systemd-analyze", "verify", f"--root={root}", "f1-precompute.service")
    assert not done.stdout + done.stderr
    tool("systemctl", f"--root={root}", "enable", "f1-precompute.service")
    wanted = root / "etc/systemd/system/multi-user.target.wants/f1-precompute.service"
    assert wanted.is_symlink()


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".service")])
def test_exposure(tool: Tool, root: Path, name: str) -> None:
    """systemd's own measure, 0 to 10; below 2 is what it calls OK."""
    tool("systemd-analyze", "security", "--offline=true", "--threshold=20", f"--root={root}", name)


def test_a_wrong_unit_would_be_noticed(root: Path) -> None:
    unit = root / "etc/systemd/system/f1-precompute.service"
    unit.write_text(unit.read_text().replace("Restart=on-failure", "Restart=always"))
    program = shutil.which("systemd-analyze")
    require(program is not None, "systemd-analyze is not here")
    command = [str(program), "verify", f"--root={root}", "f1-precompute.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Restart= set" in done.stderr


def test_the_sysusers_name_is_the_units_user() -> None:
    service = (UNITS / "f1-precompute.service").read_text()
    assert "User=f1-precompute\n" in service
    assert re.search(r"^u f1-precompute ", (UNITS / "f1-precompute.sysusers.conf").read_text(), re.MULTILINE)


def test_the_folders_are_there_before_the_first_night(tool: Tool, tmp_path: Path) -> None:
    """f1-serve does not start without the folder that it looks into, and is started before any night ran."""
    for name in ("sysusers", "tmpfiles"):
        into = tmp_path / f"usr/lib/{name}.d"
        into.mkdir(parents=True)
        shutil.copy(UNITS / f"f1-precompute.{name}.conf", into / "f1-precompute.conf")
    (tmp_path / "etc").mkdir()
    tool("systemd-sysusers", f"--root={tmp_path}")
    tool("systemd-tmpfiles", f"--root={tmp_path}", "--create", "f1-precompute.conf")
    (bound,) = re.findall(
        r"^BindReadOnlyPaths=/(.+)$", (UNITS / "f1-serve.service").read_text(), re.MULTILINE
    )
    uid = int((tmp_path / "etc/passwd").read_text().split("f1-precompute:x:")[1].split(":")[0])
    for folder in (bound, "var/cache/f1-precompute"):
        assert (tmp_path / folder).stat().st_uid == uid


def test_exit_codes_of_the_night() -> None:
    """1 and 2 fail at once, 75 and a kill are tried again, and a stop (130) is no failure."""
    unit = (UNITS / "f1-precompute.service").read_text()
    for line in (
        "Restart=on-failure",
        "RestartPreventExitStatus=1 2",
        "KillSignal=SIGINT",
        "SuccessExitStatus=130",
    ):
        assert re.search(rf"^{line}$", unit, re.MULTILINE), line
    assert "HOME=" not in unit  # the user's own, where boto3 looks for credentials


CRON = (DEPLOY / "cron" / "f1-precompute.cron").read_text()


@pytest.mark.parametrize(("code", "mails"), [(0, False), (75, False), (1, True), (137, True)])
def test_cron_mails_only_when_a_person_is_wanted(tmp_path: Path, code: int, mails: bool) -> None:
    """The crontab's own command, with a stand-in for the program that ends with that code."""
    (line,) = re.findall(r"^[\d*][^\n]*", CRON, re.MULTILINE)
    *when, user, command = line.split(maxsplit=6)
    assert len(when) == 5
    assert user == "f1-precompute"
    assert "%" not in command  # cron would end the command there
    executable(tmp_path / BIN / "f1-precompute", f'echo "night of $F1_S3_BUCKET: $*"; exit {code}')
    executable(tmp_path / "bin/logger", f'cat "$4" > {tmp_path}/syslog')
    (tmp_path / "env").write_text("F1_S3_BUCKET=races\n")
    command = command.replace("/opt/", f"{tmp_path}/opt/").replace(
        "/etc/f1-precompute.env", f"{tmp_path}/env"
    )
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"PATH": path, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert (tmp_path / "syslog").read_text() == "night of races: nightly\n"
    assert done.stdout == (f"nightly ended with {code}\nnight of races: nightly\n" if mails else "")
    assert not list(tmp_path.glob("tmp.*"))


def test_cron_settings_are_plain() -> None:
    assert re.search(r"^SHELL=/bin/sh$", CRON, re.MULTILINE)
    assert CRON.endswith("\n")  # cron ignores a last line without it
