"""The Makefile where the environment cannot be made, was left half made, or is asked for twice at a time.

The Python that it is given is a stand-in, so that each way to fail is at hand and nothing is downloaded.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# venv as the file `venv` beside it says; the pip that it makes refuses to run beside another.
PYTHON = """\
#!/bin/sh
[ "$1" != -c ] || exit "$(cat $0.old)"
mkdir -p "$3/bin"; touch "$3/bin/python"
[ "$(cat $0.venv)" = good ] || { echo "ensurepip is not available"; exit 1; }
cat > "$3/bin/pip" <<'END'
#!/bin/sh
mkdir "$0.busy" || { echo "two at a time"; exit 1; }
sleep 0.3
rmdir "$0.busy"
END
chmod +x "$3/bin/pip"
"""


class Machine:
    """A checkout's Makefile and locks, with a Python of which one may say what it can."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)
        self.can(venv=True)
        shutil.copy(REPOSITORY / "Makefile", folder)
        shutil.copytree(REPOSITORY / "deploy" / "requirements", folder / "deploy" / "requirements")

    def can(self, *, venv: bool, new: bool = True) -> None:
        Path(f"{self.python}.venv").write_text("good" if venv else "bad")
        Path(f"{self.python}.old").write_text("0" if new else "1")

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", f"PYTHON={self.python}", *arguments]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_old_python_is_told(machine: Machine) -> None:
    machine.can(venv=True, new=False)
    done = machine.make(".venv/.serve")
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed" in done.stdout


def test_without_ensurepip_it_says_so_and_leaves_nothing(machine: Machine) -> None:
    machine.can(venv=False)
    for _ in range(2):  # the second time as well: nothing half made is taken for an environment
        done = machine.make(".venv/.serve")
        assert done.returncode == 2
        assert "cannot make virtual environments" in done.stdout
        assert not (machine.folder / ".venv").exists()


def test_a_half_made_environment_is_made_again(machine: Machine) -> None:
    """As a kill leaves it: the interpreter is there, pip is not."""
    (machine.folder / ".venv" / "bin").mkdir(parents=True)
    (machine.folder / ".venv" / "bin" / "python").touch()
    done = machine.make(".venv/.serve")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (machine.folder / ".venv" / ".serve").exists()


def test_one_pip_at_a_time(machine: Machine) -> None:
    done = machine.make("-j4", ".venv/.serve", ".venv/.pipeline", ".venv/.dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.make("-j4", ".venv/.serve").returncode == 0
