"""The classifiers of a job: what each is, its figures with intervals, its members."""

from fastapi import APIRouter

from sortal.evaluation.row import Row
from sortal.jobs.results.result import Result
from sortal.jobs.results.results import JobResults
from sortal.store.files.json_lines import plain
from sortal.web.response_model import Parameters, ResponseModel
from sortal.web.served_store import JobName, Limit, Offset, ShelfOf, Target, Title, one_result

router = APIRouter(tags=["classifiers"])


class ClassifierRowOut(ResponseModel):
    """A classifier in one row."""

    title: str
    target: str | None
    method: str
    parameters: Parameters
    reference: bool
    """Whether it is there to compare with, not to be used."""

    fold_of: str
    """Title of the classifier whose single fold this is; empty for one of all folds."""

    members: int


class ClassifiersOut(ResponseModel):
    """A page of the classifiers of a job."""

    total: int
    classifiers: list[ClassifierRowOut]


class Figure(ResponseModel):
    """One figure on the reported part."""

    figure: str
    value: float | None
    """Mean over members; null where it is undefined."""

    low: float | None
    """Lower end of the 95 % bootstrap interval, of one member."""

    high: float | None
    sd: float | None
    """Standard deviation over several members."""

    members: int
    """Over how many members it is defined."""

    training: float | None = None
    """Mean on the training examples; null if that was not judged."""


class MemberOut(ResponseModel):
    """A member of a classifier: what it is, and where it was trained."""

    seed: int | None
    fold: int | None
    fit_seconds: float | None
    score_seconds: float | None
    threads: int | None
    host: str | None
    device: str | None
    library: str
    created: str
    """When, ISO 8601 in UTC."""

    key: str


class MachineTimes(ResponseModel):
    """Mean times of a classifier's members on one machine and device."""

    host: str
    device: str | None
    threads: int | None
    fit_seconds: float | None
    score_seconds: float | None
    members: int
    """Of how many members."""


class ClassifierOut(ClassifierRowOut):
    """Everything that is known of a classifier."""

    asked: Parameters
    """What the job said that it is, in words of its own."""

    notes: list[str]
    part: str
    figures: list[Figure]
    classes: list[str]
    confusion: list[list[float]]
    """Truth by prediction, summed over members; empty for independent targets."""

    per_class: list[Row]
    each: list[MemberOut]
    """Its members."""

    seconds: list[MachineTimes]
    """Mean seconds by machine and device."""


@router.get("/jobs/{name}/classifiers")
def list_classifiers(
    shelf: ShelfOf, name: JobName, offset: Offset = 0, limit: Limit = 1000
) -> ClassifiersOut:
    """List a job's classifiers, best first, on every target."""
    ranked = shelf.results(name).ranked
    shown = [_brief(result) for result in ranked[offset : offset + limit]]
    return ClassifiersOut(total=len(ranked), classifiers=shown)


@router.get("/jobs/{name}/classifier")
def show_classifier(
    shelf: ShelfOf, name: JobName, title: Title, target: Target = None
) -> ClassifierOut:
    """Show one classifier: figures, confusion, notes, members."""
    results = shelf.results(name)
    result = one_result(results, title, target)
    return ClassifierOut(
        **dict(_brief(result)),
        asked=plain(result.asked),
        notes=list(result.notes),
        part=result.part.value,
        figures=[Figure(**plain(row)) for row in result.table().to_dicts()],
        classes=list(_classes(results, result)),
        confusion=plain(result.confusion),
        per_class=plain(result.class_table().to_dicts()),
        each=[MemberOut(**plain(row)) for row in result.member_table().to_dicts()],
        seconds=[MachineTimes(**plain(row)) for row in result.timing_table().to_dicts()],
    )


def _classes(results: JobResults, result: Result) -> tuple[str, ...]:
    """Names of the confusion matrix's classes; of the targets where there is none."""
    if result.confusion.size:
        return result.confusion_classes
    return results.labels.for_target(result.target).classes


def _brief(result: Result) -> ClassifierRowOut:
    return ClassifierRowOut(
        title=result.title,
        target=result.target,
        method=result.method,
        parameters=plain(result.parameters),
        reference=result.is_reference,
        fold_of=result.fold_of,
        members=len(result.members),
    )
