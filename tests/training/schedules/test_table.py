from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sortal.training.schedules.registry import SCHEDULES, build_schedule
from sortal.training.schedules.span import Span
from sortal.training.schedules.table import factor_table


@dataclass(frozen=True)
class _Counted:
    name: str
    asked: list[int] = field(default_factory=list, compare=False)

    def factors(self, updates, span):
        self.asked.append(len(updates))
        return np.full(len(updates), float(span.epochs))


def test_each_member_has_its_own_column():
    schedules = [build_schedule(name) for name in SCHEDULES]
    spans = [Span(4, epochs) for epochs in range(3, 3 + len(schedules))]
    table = factor_table(schedules, 4, 12, spans)
    assert table.shape == (8, len(schedules))
    assert table.dtype == np.float64
    for column, schedule, span in zip(table.T, schedules, spans, strict=True):
        assert column.tolist() == schedule.factors(np.arange(4, 12), span).tolist()


def test_equal_schedules_of_equal_length_are_computed_once():
    schedule = _Counted("a")
    spans = [Span(4, 2), Span(4, 2), Span(4, 3)]
    table = factor_table([schedule] * 3, 0, 5, spans)
    assert schedule.asked == [5, 5]
    assert table[0].tolist() == [2, 2, 3]


@pytest.mark.parametrize("name", SCHEDULES)
@given(cut=st.integers(0, 40))
def test_a_table_may_be_asked_for_piece_by_piece(name, cut):
    members = [build_schedule(name)], [Span(4, 10)]
    whole = factor_table(members[0], 0, 40, members[1])
    parts = [factor_table(members[0], *rows, members[1]) for rows in ((0, cut), (cut, 40))]
    assert np.concatenate(parts).tolist() == whole.tolist()


def test_nobody_has_no_columns():
    assert factor_table([], 0, 3, []).shape == (3, 0)


def test_members_without_a_span_are_refused():
    with pytest.raises(ValueError, match="zip"):
        factor_table([build_schedule("step")], 0, 3, [])
