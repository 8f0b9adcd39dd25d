"""Aliases of the training that weight, process and event number of new files are made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sortal.data.expressions.parse import needed_aliases
from sortal.systems.cms.applying.event_chunks import EventSource
from sortal.systems.cms.applying.request import Request
from sortal.systems.cms.applying.shift import names_within

_USES = ("weight", "process", "event_number")


def with_known_aliases(
    request: Request, about: Mapping[str, Any], sources: Sequence[EventSource]
) -> tuple[Request, tuple[str, ...]]:
    """Complete a request by the aliases that are kept beside scores, where files have their columns.

    Args:
        request: With the aliases that variables are made of.
        about: What the folder of the network says of its training.
        sources: The files, opened with that request.

    Returns:
        The request, and sentences on what cannot be made of these files.
    """
    known: Mapping[str, str] = about.get("aliases", {})
    columns: Mapping[str, str | None] = about.get("columns", {})
    added: dict[str, str] = {}
    lost = []
    for use in _USES:
        name = columns.get(use)
        own = needed_aliases(known, [name] if name else [])
        new = {one: text for one, text in own.items() if one not in request.aliases}
        if not new:
            continue
        lacking = list(_lacking(own, sources))
        if not lacking:
            added |= new
        elif all(name not in source.names for source in sources):
            path, column = lacking[0]
            lost.append(
                f"the {use.replace('_', ' ')} {name!r} of the training is made of {column!r}, which "
                f"{path} does not have: the file of scores has no such column."
            )
    return replace(request, aliases={**added, **request.aliases}), tuple(lost)


def _lacking(own: Mapping[str, str], sources: Sequence[EventSource]) -> Iterator[tuple[Any, str]]:
    """Files and their columns that aliases need and that are not there."""
    for source in sources:
        for alias, text in own.items():
            for column in sorted(names_within(text, alias)):
                is_alias = column in own and column != alias
                if not is_alias and column not in source.names:
                    yield source.path, column
