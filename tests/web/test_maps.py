"""Pictures that several ask for at once: each is computed once, one after another."""

import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from sortal.jobs.pictures import classifier_map, projections

PATHS = {
    "projection": [f"projection?method=pca&random_state={n}" for n in (0, 0, 1, 2)],
    "classifier-map": [f"classifier-map?method=tsne&random_state={n}" for n in (0, 0, 1, 2)],
}


@pytest.fixture
def watched(monkeypatch):
    """How often pictures were computed, and how many at once."""
    seen = {"calls": 0, "now": 0, "most": 0}

    def watch(module, name):
        before = getattr(module, name)

        def slowly(*given, **named):
            seen["calls"] += 1
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
            time.sleep(0.1)
            try:
                return before(*given, **named)
            finally:
                seen["now"] -= 1

        monkeypatch.setattr(module, name, slowly)

    watch(projections, "project")
    watch(classifier_map, "place_classifiers")
    return seen


@pytest.mark.parametrize("kind", list(PATHS))
def test_pictures_requested_at_once_are_computed_in_turn(client, watched, kind):
    filters = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda p: client.get(f"/api/v1/jobs/kinds/{p}"), PATHS[kind]))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json() == answers[1].json()
    assert watched == {"calls": 3, "now": 0, "most": 1}
    assert warnings.filters == filters


def test_listing_pictures_computes_none(client, store, watched):
    for path in PATHS["projection"]:
        client.get(f"/api/v1/jobs/kinds/{path}")
    damaged, *_ = sorted((store / "artifacts" / "projection").glob("*/v-*/coordinates.npy"))
    damaged.write_bytes(b"short")
    assert len(client.get("/api/v1/jobs/kinds/projections").json()) == 2
    assert watched["calls"] == 3
