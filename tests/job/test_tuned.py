import pytest

from sortal.job.problems import JobError
from sortal.job.read import read_mapping
from sortal.job.tuned import is_tuned, read_tuned


def problems(**said: object) -> list[tuple[str, str]]:
    with pytest.raises(JobError) as caught:
        read_tuned({"tune": True, **said}, "C")
    return [(one.path, one.nearest) for one in caught.value.problems]


def test_only_a_map_that_says_so_is_tuned():
    assert is_tuned({"tune": True})
    assert is_tuned({"tune": False, "min": 1})
    assert not is_tuned({"min": 1})
    assert not is_tuned("tune")


def test_what_is_said_is_read():
    one = read_tuned({"tune": True, "min": 1, "max": 2.5, "log": False, "sigma": 0.5}, "C")
    assert (one.min, one.max, one.log, one.sigma, one.initial) == (1, 2.5, False, 0.5, None)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"tune": False}, [("C.tune", "")]),
        ({"mim": 1}, [("C.mim", "min")]),
        ({"min": "1"}, [("C.min", "")]),
        ({"sigma": 0}, [("C.sigma", "")]),
        ({"values": [1, 2], "max": 3, "log": True}, [("C.log", ""), ("C.max", "")]),
        ({"values": [1]}, [("C.values", "")]),
        ({"values": [1, 2, 1]}, [("C.values[2]", "")]),
    ],
)
def test_what_is_wrong_is_told_at_its_place(said, found):
    assert problems(**said) == found


def contradictions(**tuning: object) -> list[str]:
    job = {"data": {"source": "iris"}, "classifiers": [{"method": "svm"}], "tuning": tuning}
    return [one.path for one in read_mapping(job).problems]


@pytest.mark.parametrize(
    ("tuning", "paths"),
    [
        ({}, []),
        ({"trials": 5, "batch": 2}, []),
        ({"sampler": "evolution", "rounds": 2, "population": 3, "offspring": 4}, []),
        ({"sampler": "evolution", "trials": 5}, ["tuning.trials"]),
        ({"rounds": 5, "offspring": 2}, ["tuning.rounds", "tuning.offspring"]),
        ({"validation": 0.2, "folds": 3}, ["tuning.validation"]),
        ({"rungs": {"lowest": 3, "highest": 3}}, ["tuning.rungs.highest"]),
        ({"rungs": {"lowest": 1, "highest": 9, "rule": "hyperband"}}, []),
        (
            {"rungs": {"lowest": 1, "highest": 9, "rule": "hyperband"}, "batch": 3},
            ["tuning.batch"],
        ),
        (
            {"rungs": {"lowest": 1, "highest": 9, "rule": "hyperband"}, "sampler": "evolution"},
            ["tuning.rungs.rule"],
        ),
    ],
)
def test_options_of_a_search_without_effect_are_refused(tuning, paths):
    assert contradictions(**tuning) == paths
