"""The events of a job: all of them, and only those behind the last that was seen."""

import json

import pytest

from sortal.tracking.log import read_from

PATH = "/api/v1/jobs/kinds/events"


def events(text):
    """Id and content of each event of a stream."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "data" in fields:
            found.append((fields["id"], json.loads(fields["data"])))
    return found


def test_the_stream_of_a_job_that_ended_is_its_log(client, store):
    answer = client.get(PATH)
    assert answer.headers["content-type"].startswith("text/event-stream")
    logged = read_from(store / "logs" / "kinds.jsonl")
    assert [event for _, event in events(answer.text)] == [event for _, event in logged]


@pytest.mark.parametrize("seen", [0, 3, -1])
def test_a_reader_goes_on_behind_the_last_event_that_it_saw(client, seen):
    told = events(client.get(PATH).text)
    rest = events(client.get(PATH, headers={"Last-Event-ID": told[seen][0]}).text)
    assert rest == (told[seen + 1 :] if seen >= 0 else [])


@pytest.mark.parametrize("place", ["x", "-1", "99999999999", "9" * 40, "²"])
def test_a_place_that_is_none_begins_at_the_beginning(client, place):
    told = client.get(PATH, headers={"Last-Event-ID": place.encode()})
    assert events(told.text) == events(client.get(PATH).text)


def test_a_place_within_a_line_leaves_that_line_out(client):
    told = events(client.get(PATH).text)
    assert events(client.get(PATH, headers={"Last-Event-ID": "5"}).text) == told[1:]


def test_a_job_that_was_never_run_here_has_no_events(client, store):
    (store / "logs" / "kinds.jsonl").unlink()
    assert events(client.get(PATH).text) == []


def test_a_deleted_job_leaves_no_events_to_its_namesake(client, store):
    assert client.post("/api/v1/jobs/kinds/delete").status_code == 200
    assert client.get(PATH).status_code == 404
    assert not (store / "logs" / "kinds.jsonl").exists()
