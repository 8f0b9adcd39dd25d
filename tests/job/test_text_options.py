"""What a job says of its text files is checked, and left out of what is stored where it is not said."""

import pytest

from sortal.data.reading.source import table_options
from sortal.job.models import DataBlock
from sortal.job.problems import JobError
from sortal.job.read import read_mapping


def job(**data) -> dict:
    return {"data": {"source": "a.csv", "label": "y", **data}, "classifiers": [{"method": "naive"}]}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"delimiter": "ab"}, "data.delimiter: expected one character that is no letter"),
        ({"delimiter": '"'}, "data.delimiter: expected one character"),
        ({"delimiter": "§"}, "data.delimiter: expected one character"),
        ({"delimiter": ""}, "data.delimiter: expected one character"),
        ({"decimal": ";"}, r"data.decimal: expected one of \., ,"),
        ({"thousands": "x"}, "data.thousands: expected one of"),
        ({"thousands": ",", "decimal": ","}, "data.thousands: expected another mark"),
        ({"encoding": "latin-99"}, "data.encoding: expected the name of an encoding"),
        ({"encoding": "hex"}, "data.encoding: expected the name of an encoding"),
        ({"comment": 'a"b'}, "data.comment: expected text without quotes"),
        ({"missing": "NA"}, "data.missing: expected a list"),
        ({"missing": [True]}, r"data.missing\[0\]: expected"),
        ({"missing": ["?", "?"]}, r"data.missing\[1\]: expected each entry once"),
    ],
)
def test_a_wrong_option_is_refused_by_its_name(told, said):
    def read():
        file = read_mapping(job(**told))
        raise JobError(file.problems)

    with pytest.raises(JobError, match=said):
        read()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("tab", "\t"), ("\\t", "\t"), ("\t", "\t"), ("space", " "), (";", ";"), ("\x01", "\x01")],
)
def test_a_separator_has_several_spellings(written, meant):
    assert table_options(DataBlock(source="a.csv", delimiter=written)).delimiter == meant


def test_options_that_are_not_given_are_not_stored():
    plain = DataBlock(source="a.csv", label="y").model_dump(mode="json")
    assert not {"delimiter", "decimal", "thousands", "encoding", "comment", "missing"} & {*plain}
    told = DataBlock(source="a.csv", thousands="", missing=["?", -999]).model_dump(mode="json")
    assert (told["thousands"], told["missing"]) == ("", ["?", -999])
    assert "decimal" not in told


def test_names_are_told_from_numbers():
    block = DataBlock(
        source="a.csv",
        label="y",
        id="",
        exclude=["z"],
        split={"kind": "column", "column": "part"},
    )
    assert table_options(block).words == ("y", "", "part", "z")
    assert table_options(DataBlock(source="a.csv", label=["p", "q"])).words == ()
