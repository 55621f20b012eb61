"""The declarations of sessions and artifacts: keys and back, and codes that the type checker knows."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.artifacts import SPECS, SessionKey, is_public, media_of, session_of, spec_of
from pipeline.contract.sessions import SESSIONS, SessionCode, session_code

KEYS = st.builds(SessionKey, st.integers(1900, 2100), st.integers(1, 99), st.sampled_from(sorted(SESSIONS)))
FIELDS = {
    "year": st.integers(1000, 9999),
    "version": st.integers(0, 99),
    "schema": st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    "run": st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True),
    "skip": st.integers(1, 10),
    "generation": st.from_regex(r"[0-9a-f]{1,16}", fullmatch=True),
    "index": st.integers(0, 9999),
}


def test_the_type_checker_knows_every_session() -> None:
    assert set(get_args(SessionCode)) == set(SESSIONS)
    assert {code for code in SESSIONS if session_code(f" {code.lower()} ") == code} == set(SESSIONS)
    with pytest.raises(ValueError, match=r"'X' is no session: write R \(race\)"):
        session_code("X")


@given(KEYS, st.fixed_dictionaries(FIELDS), st.sampled_from(sorted(SPECS)))
def test_keys_and_back(key: SessionKey, fields: dict[str, int | str], name: str) -> None:
    spec = SPECS[name]
    artifact = spec.pattern.format(session=key.prefix, **fields)
    assert spec_of(artifact) is spec
    assert media_of(artifact) is spec.media
    assert session_of(artifact) == (key if spec.pattern.startswith("{session}") else None)
    for odd in (artifact + "x", "x" + artifact, artifact.replace(".", "/"), f"/{artifact}", artifact + "\n"):
        assert not is_public(odd)
        with pytest.raises(ValueError, match="no media type"):
            media_of(odd)


def test_what_a_session_must_have() -> None:
    assert SessionKey(2025, 1, "S").required((1, 5)) == {
        f"telemetry/2025/1/sprint/{name}"
        for name in ("skip_1.json.gz", "skip_5.json.gz", "frames.parquet", "laps.parquet", "progress.jsonl")
    }
    assert session_of("telemetry/2025/1/sprint/of-no-format") == SessionKey(2025, 1, "S")
    assert session_of("telemetry/2025/01/manifest.json") is None
