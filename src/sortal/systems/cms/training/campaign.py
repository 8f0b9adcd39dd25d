"""Read, divide, weigh and train: what both commands do before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sortal.engines.base import Engines
from sortal.errors import TaskError
from sortal.events import Event, Listener, Warned
from sortal.job.models import Job
from sortal.job.title import as_title
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store
from sortal.systems.cms.data.classes import ClassMap, class_map, with_physics_weights
from sortal.systems.cms.data.division import divide_by_number, divide_by_seed
from sortal.systems.cms.data.events import Events
from sortal.systems.cms.data.read import read_files
from sortal.systems.cms.data.scales import Scales, scales_of
from sortal.systems.cms.data.soundness import refuse_unsound, remarks
from sortal.systems.cms.settings import CMSSettings
from sortal.systems.cms.training.job import dataset_of, network_job, peer_job
from sortal.systems.cms.training.optimum import read_optimum
from sortal.systems.cms.training.scored import Scored, scored


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a command was called, beside its settings."""

    store: Path
    options: RunOptions
    verbose: bool = False
    engines: Engines | None = None
    """What to train on; processes of this machine if None."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CampaignSample:
    """Events that are ready to train on."""

    events: Events = field(repr=False)
    classes: ClassMap = field(repr=False)
    scales: Scales = field(repr=False)
    """What turns their weights into expected events."""

    optimum: Scored | None = None
    """What the true densities of simulated events give; None where they are not known."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Campaign:
    """Trained networks, the methods they are compared with, and the events of both."""

    settings: CMSSettings
    sample: CampaignSample
    networks: tuple[Scored, ...]
    """Every decay rate with all its runs, in that order."""

    peers: tuple[Scored, ...]
    store: Store = field(repr=False)
    seconds: float
    """Wall time of the training; 0 for what the store had."""

    @property
    def optimum(self) -> Scored | None:
        """The sample's, beside which networks stand."""
        return self.sample.optimum


def read_sample(settings: CMSSettings) -> CampaignSample:
    """Read, class, weigh and divide the events, and refuse what cannot be trained on or judged by.

    Raises:
        DataError: See the steps, `refuse_unsound` and `read_optimum`.
        NotFound: A split factor is of no class.
    """
    events = with_physics_weights(read_files(settings), settings)
    if settings.signal_files and settings.divide_by == "event_number":
        events = divide_by_number(events, settings.fractions)
    elif settings.signal_files:
        events = divide_by_seed(events, settings.fractions, settings.seed)
    classes = class_map(events, settings)
    refuse_unsound(events, classes, settings)
    events = events.noting(*remarks(events, settings))
    return CampaignSample(
        events=events,
        classes=classes,
        scales=scales_of(events, classes, settings),
        optimum=read_optimum(settings, events),
    )


def run(
    settings: CMSSettings,
    sample: CampaignSample,
    title: str,
    call: Call,
    *,
    listener: Listener,
    interrupted: Callable[[Launched], None],
) -> Campaign:
    """Train what the store lacks, and score every part with it.

    Args:
        settings: What was asked for.
        sample: The events.
        title: Name of the job in the store.
        call: How to train.
        listener: Told what happens.
        interrupted: Called in place of going on when the user or a batch system asked for
            an end; must raise.

    Raises:
        TaskError: A network could not be trained.
    """
    dataset = dataset_of(sample.events, sample.classes, settings)
    name = job_name(title)

    def tell(event: Event) -> None:
        # Notes on the events were told when these were read; each job would tell them anew.
        if not (isinstance(event, Warned) and event.text in sample.events.notes):
            listener(event)

    def trained(job: Job) -> Launched:
        launched = launch(
            job,
            store=call.store,
            options=call.options,
            listener=tell,
            dataset=dataset,
            engines=call.engines,
        )
        if launched.summary.interrupted:
            interrupted(launched)
        for place, failure in launched.results.failed.items():
            raise TaskError(f"{place}: {failure.reason}")
        return launched

    first = trained(network_job(settings, name))
    opened = Store.open(call.store)
    peers: list[Scored] = []
    if settings.compare:
        peers = scored(trained(peer_job(settings, name, sample.events)).results, opened)
    return Campaign(
        settings=settings,
        sample=sample,
        networks=tuple(scored(first.results, opened)),
        peers=tuple(peers),
        store=opened,
        seconds=first.summary.seconds if first.summary.trained else 0.0,
    )


def job_name(title: str) -> str:
    """A title as far as names of jobs may hold it, with room for what is put behind.

    >>> job_name("2017_1l_T2tt(550,520)")
    '2017_1l_T2tt(550,520)'
    """
    return as_title(title)[:100] or "network"
