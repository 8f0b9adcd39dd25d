import pytest

from sortal.tuning.samplers import OptunaSampler
from sortal.tuning.space import Choices, EvaluatedCandidate, Range, Space

NUMBERS = Space(
    {
        "x": Range(low=0.001, high=1000, initial=1, log=True),
        "y": Range(low=-5, high=5, initial=0),
        "n": Range(low=1, high=9, initial=5, whole=True),
    }
)
MIXED = Space({"x": NUMBERS.dimensions["x"], "k": Choices(values=([1], [2, 3]), initial=[1])})
KINDS = ("random", "tpe", "cmaes")


def hill(candidate):
    values = candidate.values
    return -abs(values.get("y", 3)) - abs(values.get("n", 9) - 4) / 4 - (values.get("k") == [1])


def course(kind, spaces, *, rounds=6, count=5, seed=1, of=hill):
    sampler = OptunaSampler(kind, spaces, seed=seed)
    asked = []
    for _ in range(rounds):
        candidates = sampler.ask(count)
        asked.append(candidates)
        sampler.tell([EvaluatedCandidate(candidate=one, value=of(one)) for one in candidates])
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_proposals_lie_in_the_spaces_and_cover_every_classifier(kind):
    asked = [one for some in course(kind, [NUMBERS, MIXED]) for one in some]
    assert {one.kind for one in asked} == {0, 1}
    assert all((NUMBERS, MIXED)[one.kind].holds(one.values) for one in asked)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_and_answers_lead_to_equal_questions(kind):
    def texts(seed):
        return [[one.identity for one in some] for some in course(kind, [NUMBERS], seed=seed)]

    assert texts(3) == texts(3)
    assert texts(3) != texts(4)


@pytest.mark.parametrize("kind", ["tpe", "cmaes"])
def test_answers_draw_the_questions_to_where_it_is_good(kind):
    asked = course(kind, [NUMBERS], rounds=20)
    late = [hill(one) for some in asked[-5:] for one in some]
    early = [hill(one) for some in course("random", [NUMBERS], rounds=20) for one in some]
    assert sum(late) / len(late) > sum(early) / len(early) + 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_failed_and_pruned_candidates_are_taken(kind):
    sampler = OptunaSampler(kind, [NUMBERS], seed=1)
    for _ in range(4):
        one, two, *rest = sampler.ask(5)
        assert all(NUMBERS.holds(candidate.values) for candidate in (one, two, *rest))
        told = [
            EvaluatedCandidate(candidate=one, value=None),
            EvaluatedCandidate(candidate=two, value=0.3, pruned_at=4),
        ]
        sampler.tell(
            [*told, *(EvaluatedCandidate(candidate=other, value=hill(other)) for other in rest)]
        )


@pytest.mark.parametrize("kind", ["random", "tpe"])
def test_equal_candidates_are_asked_once(kind):
    few = Space({"k": Choices(values=("a", "b"), initial="a")})
    asked = course(kind, [few], count=6, of=lambda _: 0.5)
    assert all(len(some) == len(set(some)) <= 2 for some in asked)
