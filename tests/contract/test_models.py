"""What the format declares: every field and column is explained, codes are what they were."""

import numpy as np
import pytest

from pipeline.contract.columns import COLUMNS, FRAMES_JSON, REPLAY, STATUSES, TYRES
from pipeline.contract.models import SCHEMAS
from pipeline.contract.tables import TABLES, Table


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_explained(name: str) -> None:
    schema = SCHEMAS[name].model_json_schema(mode="serialization")
    for model in (schema, *schema.get("$defs", {}).values()):
        assert model.get("properties"), model["title"]
        bare = [field for field, said in model["properties"].items() if not said.get("description")]
        assert not bare, f"{model['title']}: {bare}"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.name))
def test_a_table_sorts_by_columns_it_has(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.sorted_by) <= set(names)


def test_what_is_unknown_is_the_smallest_integer() -> None:
    assert {c.null == np.iinfo(c.dtype).min for c in COLUMNS.values()} == {True}


def test_every_column_has_a_place_of_its_own() -> None:
    places = [column.json for column in FRAMES_JSON]
    assert places == list(range(1, len(places) + 1))
    assert [form.place for form in REPLAY.values()] == list(range(len(REPLAY)))


def test_codes_stay_what_they_were() -> None:
    assert TYRES[:6] == ("UNKNOWN", "SOFT", "MEDIUM", "HARD", "INTERMEDIATE", "WET")
    assert TYRES[6:] == ("HYPERSOFT", "ULTRASOFT", "SUPERSOFT", "SUPERHARD")
    assert STATUSES[:4] == ("grid", "track", "pit", "finished")
    assert STATUSES[4:] == ("garage", "out", "timed", "in")
