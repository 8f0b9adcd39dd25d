import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.data.split import Part
from sortal.errors import DataError
from sortal.systems.cms.data.division import (
    composition_notes,
    divide_by_number,
    divide_by_seed,
    fold_numbers,
    split_factors,
)
from sortal.systems.cms.training.campaign import read_sample

PAGE = [0.25, 0.25, 0.5]
fractions = st.lists(st.floats(0.05, 10.0), min_size=3, max_size=3)
sizes = st.lists(st.integers(1, 60), min_size=1, max_size=3)


def shares(divided, process):
    mine = divided.parts[divided.process == process]
    return [np.count_nonzero(mine == place) for place in range(3)]


@given(fractions=fractions, sizes=sizes, seed=st.integers(0, 2**31 - 1))
def test_every_process_is_divided_in_the_shares_asked_for(events, fractions, sizes, seed):
    names = [f"P{number}" for number, size in enumerate(sizes) for _ in range(size)]
    divided = divide_by_seed(events(names), fractions, seed)
    for process, size in enumerate(sizes):
        wanted = size * np.array(fractions) / sum(fractions)
        assert np.abs(np.array(shares(divided, process)) - wanted).max() <= 1 + 1e-9


def test_the_pages_shares_are_quarters_and_a_half(events):
    divided = divide_by_seed(events(["Wj"] * 400 + ["TT"] * 80), PAGE, 0)
    assert shares(divided, 0) == [100, 100, 200]
    assert shares(divided, 1) == [20, 20, 40]


def test_the_seed_decides_and_other_processes_do_not_matter(events):
    alone = divide_by_seed(events(["Wj"] * 50), PAGE, 3)
    beside = divide_by_seed(events(["TT"] * 7 + ["Wj"] * 50), PAGE, 3)
    np.testing.assert_array_equal(alone.parts, beside.parts[7:])
    assert (divide_by_seed(events(["Wj"] * 50), PAGE, 4).parts != alone.parts).any()


def test_processes_of_one_size_are_not_divided_alike(events):
    divided = divide_by_seed(events(["Wj"] * 50 + ["TT"] * 50), PAGE, 3)
    assert (divided.parts[:50] != divided.parts[50:]).any()


def test_event_numbers_divide_by_what_they_leave(events):
    numbered = events(["Wj"] * 9, numbers=[*range(8), 2**60 + 1])
    assert divide_by_number(numbered, PAGE).parts.tolist() == [0, 1, 2, 2, 0, 1, 2, 2, 1]
    fifths = divide_by_number(numbered, [0.6, 0.2, 0.2])
    assert fifths.parts.tolist() == [0, 0, 0, 1, 2, 0, 0, 0, (0, 0, 0, 1, 2)[(2**60 + 1) % 5]]


@given(
    weights=st.lists(st.integers(1, 9), min_size=3, max_size=3),
    numbers=st.lists(st.integers(-(2**40), 2**60), min_size=1, max_size=20),
)
def test_an_event_has_its_part_whatever_stands_beside_it(events, weights, numbers):
    together = divide_by_number(events(["Wj"] * len(numbers), numbers=numbers), weights).parts
    alone = [divide_by_number(events(["TT"], numbers=[n]), weights).parts[0] for n in numbers]
    assert together.tolist() == alone


@given(weights=st.lists(st.integers(1, 9), min_size=3, max_size=3))
def test_whole_cycles_of_event_numbers_have_exact_shares(events, weights):
    count = sum(weights)
    parts = divide_by_number(events(["Wj"] * count, numbers=range(count)), weights).parts
    assert np.bincount(parts, minlength=3).tolist() == weights


def test_dividing_by_number_needs_numbers(events):
    with pytest.raises(DataError, match="event numbers"):
        divide_by_number(events(["Wj"]), PAGE)


def test_folds_are_of_event_numbers_or_of_places(events):
    assert fold_numbers(events(["Wj"] * 4, numbers=[5, 3, 4, 8]), 3).tolist() == [2, 0, 1, 2]
    assert fold_numbers(events(["Wj"] * 4), 3).tolist() == [0, 1, 2, 0]


def test_split_factors_of_the_pages_shares_are_4_4_and_2(events):
    divided = divide_by_seed(events(["Wj"] * 400 + ["TT"] * 8), PAGE, 0)
    for part, factor in zip(Part, (4, 4, 2), strict=True):
        assert split_factors(divided, part).tolist() == [factor, factor]


@given(fractions=fractions, sizes=sizes, seed=st.integers(0, 99))
def test_split_factors_make_every_parts_yield_the_whole(events, fractions, sizes, seed):
    names = [f"P{number}" for number, size in enumerate(sizes) for _ in range(size)]
    divided = divide_by_seed(events(names), fractions, seed)
    for part in Part:
        factors = split_factors(divided, part)
        counts = np.bincount(divided.process[divided.rows(part)], minlength=len(sizes))
        for factor, count, size in zip(factors, counts, sizes, strict=True):
            assert np.isinf(factor) if not count else factor * count == pytest.approx(size)


def test_unlike_composition_is_told_and_like_is_not(events):
    def divided(train, validation):
        names = ["Wj"] * train[0] + ["TT"] * train[1]
        names += ["Wj"] * validation[0] + ["TT"] * validation[1] + ["Wj", "TT"]
        parts = ["train"] * sum(train) + ["validation"] * sum(validation) + ["test"] * 2
        return list(composition_notes(events(names, parts=parts)))

    assert divided((500, 500), (480, 520)) == []
    assert divided((500, 500), (250, 750)) == [
        "Wj is 50 % of the training events and 25 % of the validation events: both should be "
        "composed alike.",
        "TT is 50 % of the training events and 75 % of the validation events: both should be "
        "composed alike.",
    ]


def test_a_process_that_a_part_lacks_is_told(events):
    held = events(["Wj", "TT", "Wj", "Wj"], parts=["train", "train", "validation", "test"])
    assert list(composition_notes(held)) == [
        "TT has no event in the validation part: its yield counts nothing there.",
        "TT has no event in the test part: its yield counts nothing there.",
    ]


def test_files_are_divided_by_seed_or_number_as_set(page_folder, settings):
    files = {
        "signal_files": ["data/test_sig.csv"],
        "background_files": ["data/test_bkg.csv", "data/train_bkg.csv"],
    }
    by_seed = read_sample(settings(**files)).events
    assert np.bincount(by_seed.parts).tolist() == [30, 30, 60]
    assert (by_seed.parts != read_sample(settings(**files, seed=1)).events.parts).any()
    other = read_sample(settings(**files, fractions=[2.0, 1.0, 1.0])).events
    assert np.bincount(other.parts).tolist() == [60, 30, 30]
    page_folder.add_headers()
    for path in page_folder.path.iterdir():
        head, *rows = path.read_text().strip().split("\n")
        numbered = [f"{head},event", *(f"{row},{n}" for n, row in enumerate(rows))]
        path.write_text("\n".join(numbered) + "\n")
    numbered = read_sample(settings(**files, divide_by="event_number", event_number="event")).events
    assert (numbered.parts == np.array([0, 1, 2, 2])[numbered.numbers % 4]).all()
