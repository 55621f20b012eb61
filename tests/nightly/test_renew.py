"""Cached files that are set aside for a renewal: which ones are there after it, however it ended."""

from pathlib import Path

import pytest

from pipeline.input.cache import ASIDE, KEPT, renewing, restore, restore_all

NAMES = ("car_data.ff1pkl", "laps.ff1pkl", "position_data.ff1pkl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session's folder in a cache, with old files."""
    session = tmp_path / "2025" / "2025-03-16_Testland" / "2025-03-16_Race"
    session.mkdir(parents=True)
    fill(session, "old")
    return session


def fill(folder: Path, text: str, ending: str = "") -> None:
    for name in NAMES:
        (folder / (name + ending)).write_text(text)


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("keep_new", [True, False])
def test_one_version_or_the_other(folder: Path, keep_new: bool) -> None:
    with renewing(folder) as renewal:
        assert not list(folder.glob("*.ff1pkl"))
        fill(folder, "new")
        (folder / "team_radio.ff1pkl").write_text("new")
        renewal.keep_new = keep_new
    names = (*NAMES, "team_radio.ff1pkl") if keep_new else NAMES
    assert held(folder) == dict.fromkeys(names, "new" if keep_new else "old")


def test_a_kill_before_the_new_ones_are_kept_brings_the_old_ones_back(folder: Path) -> None:
    fill(folder, "old", ASIDE)
    (folder / NAMES[0]).write_text("new")
    assert restore_all(folder.parents[2], 2025) == len(NAMES)
    assert held(folder) == dict.fromkeys(NAMES, "old")


def test_a_kill_while_the_old_ones_go_leaves_no_mixture(folder: Path) -> None:
    fill(folder, "new")
    (folder / KEPT).touch()
    (folder / (NAMES[2] + ASIDE)).write_text("old")
    assert restore_all(folder.parents[2], 2025) == 0
    assert held(folder) == dict.fromkeys(NAMES, "new")


def test_a_kill_at_the_very_end_does_no_harm_to_the_next_renewal(folder: Path) -> None:
    (folder / KEPT).touch()
    with renewing(folder):
        pass
    assert held(folder) == dict.fromkeys(NAMES, "old")
    assert restore(folder) == 0
