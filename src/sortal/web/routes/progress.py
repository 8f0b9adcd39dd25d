"""What happens in a job, as it happens: Server-Sent Events from the log of its runs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from sortal.tracking.log import read_from
from sortal.web.served_store import JobName, ServedStore, ShelfOf

router = APIRouter(tags=["progress"])

_PAUSE_S = 0.3
_BEAT = 50
"""Pauses after which a comment is sent, so that nobody takes the line for dead."""

_EVENT = {
    "type": "object",
    "description": "One event: `id`, its place in the log; `data`, what happened, as JSON.",
    "properties": {"id": {"type": "string"}, "data": {"type": "string"}},
}
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


@router.get(
    "/jobs/{name}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": _EVENT}}}},
)
def follow_job(
    shelf: ShelfOf,
    name: JobName,
    last_event_id: Annotated[str | None, Header(description="Go on behind this event.")] = None,
) -> StreamingResponse:
    """Tell the events of a job's log, and those that come while it runs.

    The id of an event is a place in the log: a reader that lost the line goes on where it was. The
    stream ends once nothing works on the job.
    """
    path = _log(shelf, name)
    begin = int(last_event_id) if last_event_id and _ID.fullmatch(last_event_id) else 0
    stream = _events(path, begin, lambda: name in shelf.running())
    return StreamingResponse(stream, media_type="text/event-stream")


def _log(shelf: ServedStore, name: str) -> Path:
    """A job's log, which may not be there yet.

    Raises:
        NotFound: There is no such job, and none of that name runs.
    """
    store = shelf.store()
    path = store.log_path(name)
    if not path.exists() and name not in shelf.running():
        store.jobs.read(name)
    return path


async def _events(path: Path, place: int, is_running: Callable[[], bool]) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    if path.exists() and place > path.stat().st_size:
        place = 0  # the log of another time
    waited = 0
    while True:
        running = await run_in_threadpool(is_running)  # asked before reading: its last lines count
        found = await run_in_threadpool(read_from, path, place) if path.exists() else []
        for behind, event in found:
            yield f"id: {behind}\ndata: {json.dumps(event)}\n\n"
            place = behind
        if not found:
            if not running:
                return
            waited += 1
            if waited % _BEAT == 0:
                yield ": still here\n\n"
            await asyncio.sleep(_PAUSE_S)
