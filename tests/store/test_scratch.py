"""Temporary folders of runs that were killed go; those of runs under way stay."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.store import scratch as scratching
from pipeline.store.scratch import scratch
from tests.command import clean_environment, forked


def killed(words: list[str]) -> None:
    tempfile.tempdir = words[0]
    with scratch("test") as folder:
        (folder / "data").write_bytes(b"much")
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ours(folder: Path) -> list[Path]:
    return list(folder.glob("f1-test-*"))


def test_what_a_killed_run_left_goes(folders: Path) -> None:
    with forked(killed, [str(folders)], clean_environment()) as running:
        assert running.wait(60) == -signal.SIGKILL
    (left,) = ours(folders)
    with scratch("test"):
        assert left.is_dir()  # it is young: its process may be about to take it
    old = time.time() - 100
    os.utime(left, (old, old))
    with scratch("other"):
        assert left.is_dir()
    with scratch("test") as folder:
        assert ours(folders) == [folder]
    assert ours(folders) == []


def test_what_is_in_use_or_no_folder_of_ours_stays(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratching, "_YOUNG_S", -1.0)
    (folders / "elsewhere").mkdir()
    (folders / "f1-test-link").symlink_to(folders / "elsewhere")
    (folders / "f1-test-file").write_bytes(b"")
    with scratch("test") as one, scratch("test") as other:
        assert one.is_dir()
        assert other.is_dir()
    assert sorted(path.name for path in ours(folders)) == ["f1-test-file", "f1-test-link"]
    assert (folders / "elsewhere").is_dir()
