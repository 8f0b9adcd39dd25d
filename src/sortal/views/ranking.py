"""How a job's ranking is shown, on a terminal and in a notebook: heading, columns, who is tied."""

from html import escape

from sortal.jobs.results.results import JobResults
from sortal.metrics.registry import BESIDE_HEADLINE, find, title_of
from sortal.views.progress import counted
from sortal.views.tables import TableColumn, as_html

_MOST_NAMED = 8
"""Titles that one sentence lists."""

_MOST_ROWS = 50
"""Rows of a ranking that a notebook shows unasked."""


def summary(results: JobResults) -> str:
    """A job in a few words: how many classifiers and members, and the best."""
    about = results.outline()
    parts = [counted(about.classifiers, "classifier"), f"{about.done}/{about.members} members"]
    if about.failed:
        parts.append(f"{about.failed} failed")
    if about.best is not None:
        parts.append(f"best {about.best!r} with {title_of(about.headline)} {about.value:.4f}")
    return ", ".join(parts)


def heading(results: JobResults, target: str | None) -> str:
    """What was ranked on what."""
    if results.record.figures_alone:
        return f"{results.name} on {results.part} examples, imported as figures alone"
    if results.damage:
        return f"{results.name} on {results.part} examples, of which the stored data is {_fate(results)}"
    examples = sum(len(split.rows(results.part)) for split in results.splits)
    weighted = ", weighted" if results.record.weighted else ""
    named = f"{target}: " if target else ""
    return f"{named}{results.name} on {examples} {results.part} examples{weighted}"


def columns(results: JobResults) -> list[TableColumn | str]:
    """The headline first, with its interval or spread; the other figures plain."""
    headline = TableColumn(
        name=results.headline,
        header=f"{title_of(results.headline)} [95 %]",
        low="low",
        high="high",
        sd="sd",
    )
    listed: list[TableColumn | str] = [
        "rank",
        "title",
        headline,
        TableColumn(name="training", header="in training"),
        *(TableColumn(name=name, header=title_of(name)) for name in BESIDE_HEADLINE),
        *(TableColumn(name=metric.name, header=metric.title) for metric in results.own_metrics),
        TableColumn(name="fit_seconds", header="fit [s]"),
        TableColumn(name="score_seconds", header="score [s]"),
        TableColumn(name="members", header="members"),
        TableColumn(name="tied", header="tied"),
    ]
    idle = {name for name in BESIDE_HEADLINE if name == results.headline}
    if all(len(result.members) == 1 for result in results.results):
        idle.add("members")
    if results.record.figures_alone:
        idle |= {name for name in BESIDE_HEADLINE if not find(name).from_counts}
    if not results.knows_examples:
        idle.add("tied")
    if not any(result.training_figures for result in results.results):
        idle.add("training")
    return [c for c in listed if c is headline or isinstance(c, str) or c.name not in idle]


def tied_sentence(results: JobResults, target: str | None) -> str:
    """Which classifier is best, and which cannot be told from it."""
    best = results.best(target)
    if best is None:
        return "no classifier beside the references has been judged."
    if results.record.figures_alone:
        return f"{best.title} is best; who is tied with it cannot be told from figures alone."
    if results.damage:
        return (
            f"{best.title} is best; who is tied with it is not known, because the job's data is "
            f"{_fate(results)}."
        )
    tied = results.tied(target) - {best.title}
    others = [r.title for r in results.ranked if r.target == target and r.title in tied]
    test = "McNemar's test with Holm's correction, 5 %"
    if not others:
        return f"{best.title} is best; no other is statistically tied with it ({test})."
    named = ", ".join(others[:_MOST_NAMED])
    more = len(others) - _MOST_NAMED
    rest = f" and {counted(more, 'other')}, marked in the table" if more > 0 else ""
    return f"{best.title} is best; statistically tied with it ({test}): {named}{rest}."


def _fate(results: JobResults) -> str:
    """What became of data that is not as it was stored, in a word."""
    return "gone" if results.is_gone else "damaged"


def ranking_html(results: JobResults, target: str | None) -> str:
    """The first rows of a ranking for a notebook, with the sentence on who is tied."""
    frame = results.ranking(target)
    table = as_html(frame.head(_MOST_ROWS), columns(results), caption=heading(results, target))
    more = len(frame) - _MOST_ROWS
    rest = f"<p>{counted(more, 'more row')}: see <code>ranking()</code>.</p>" if more > 0 else ""
    return f"{table}{rest}\n<p>{escape(tied_sentence(results, target))}</p>"
