"""The runs of a campaign side by side: what each is called, and what the cuts on it come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sortal.systems.cms.results.merit import Merit, merit_of
from sortal.systems.cms.results.page_files import rate_text
from sortal.systems.cms.training.campaign import Campaign
from sortal.systems.cms.training.scored import Scored


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CampaignRun:
    """One trained network among others."""

    title: str
    """`run 0` and so on; among several decay rates `decay 1e-3, run 0`."""

    folder: str
    """Name of the folder of its files: `run0`, or `D1e-3_run0`."""

    network: Scored
    merit: Merit = field(repr=False)


def runs_of(campaign: Campaign, networks: Sequence[Scored]) -> list[CampaignRun]:
    """Name and judge networks, each once; runs count from 0 anew for each decay rate."""
    sample, settings = campaign.sample, campaign.settings
    rates = [one.decay for one in networks]
    several = len(set(rates)) > 1
    runs = []
    for place, (network, rate) in enumerate(zip(networks, rates, strict=True)):
        number, told = rates[:place].count(rate), rate_text(rate)
        runs.append(
            CampaignRun(
                title=f"decay {told}, run {number}" if several else f"run {number}",
                folder=f"D{told}_run{number}" if several else f"run{number}",
                network=network,
                merit=merit_of(network, sample.events, sample.classes, sample.scales, settings),
            )
        )
    return runs
