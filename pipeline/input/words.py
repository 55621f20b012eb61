"""Texts of the sources: what they write where they have none is None, and never "nan" or "None"."""

from typing import Any

_MISSING = frozenset({"nan", "NaN", "NaT", "None", "null", "<NA>", ""})


def word(value: Any) -> str | None:
    """A cell as text; None where it is empty, or made of nothing but words for missing values."""
    text = str(value).strip()
    return None if set(text.split(" ")) <= _MISSING else text


def name(value: Any) -> str | None:
    """The same for a person: a first or last name that is missing is left out."""
    return " ".join(part for part in str(value).split() if part not in _MISSING) or None
