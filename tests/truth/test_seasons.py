"""A dozen sessions of past seasons: their timing is real, and their cars drive as it says.

`make truth` runs all that there are.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.truth.driven import judge, raw_of, sessions

pytestmark = pytest.mark.thorough
SAMPLE = {
    "2019/1R": "a race without a safety car",
    "2019/11R": "rain, safety cars, and stops by the dozen",
    "2021/19S": "a sprint, which its year called by another name",
    "2022/17R": "ended by the clock, two laps short",
    "2022/1R": "three cars that stop in the last laps",
    "2024/21R": "a red flag in the rain",
    "2026/2S": "a sprint of nineteen laps",
    "2026/2R": "twenty-two cars, no DRS",
    "2021/7Q": "a red flag that ended Q1, which the session's status does not tell from one that stopped it",
    "2025/17Q": "six red flags",
    "2026/2Q": "twenty-two cars, of which six are knocked out at a time",
    "2020/5FP2": "no race control, no names, and ended by a red flag",
}


@pytest.mark.slow(20)
@pytest.mark.parametrize("name", SAMPLE)
def test_frames_agree_with_timing_and_cars(past_timing: Path, name: str) -> None:
    (session,) = sessions(past_timing, name)
    verdict = judge(session, past_timing, fps=10.0)
    assert verdict.holds, str(verdict)


def test_laps_do_not_need_a_track_status(past_timing: Path) -> None:
    (session,) = sessions(past_timing, "2024/1FP3")
    raw = raw_of(session, past_timing)
    assert raw.track_status.code == []
    assert len(raw.laps) == 20


@pytest.mark.parametrize(("only", "said"), [("2018/2", "no session of 2018 round 2"), ("spa", "'spa'")])
def test_a_session_that_does_not_exist_is_named(past_timing: Path, only: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sessions(past_timing, only)


def test_what_is_absent_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.truth.seasons"],
        cwd=REPOSITORY,
        env={"F1_TIMING": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    lost = f"{tmp_path}/sessions.tar.xz (F1_TIMING)"
    assert (done.returncode, done.stderr) == (2, f"the real timing of past seasons is not here: no {lost}\n")
