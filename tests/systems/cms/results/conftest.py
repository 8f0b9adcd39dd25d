"""Networks of the simulated events, trained once, and what their files say as pandas reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sortal.data.split import Part
from sortal.systems.cms.results.assessment import Assessment, assess
from sortal.systems.cms.settings import BinarySettings, CMSSettings, MulticlassSettings
from sortal.systems.cms.training.campaign import Campaign
from sortal.systems.cms.training.scored import mean_of

TRAINING = {"batch_size": 100, "layers": [16], "learning_rate": 5e-3, "bootstrap": 20}
FACTORS = {"validation": 4.0, "test": 2.0}
PREFIXES = {Part.TRAIN: "train", Part.VALIDATION: "val", Part.TEST: "test"}
CODES = {"Wj": 1, "TT": 2, "ZJ": 3}


@dataclass(frozen=True)
class Truth:
    """What the files say of the events of a part, signal first; arrays have one row an event."""

    weights: np.ndarray
    processes: np.ndarray
    """Without `.root`."""

    codes: np.ndarray
    """Class: 0 is signal, 1 the background of a binary network."""

    factors: np.ndarray
    """All events of the process over those of the part."""


@pytest.fixture(scope="session")
def truth() -> Callable[[CMSSettings, Part], Truth]:
    """Read the six files of a campaign as its user would."""

    def read(settings: CMSSettings, part: Part) -> Truth:
        frames = {
            one: pd.concat(
                [
                    pd.read_csv(Path(settings.data) / f"{prefix}_{kind}.csv", header=None)
                    for kind in ("sig", "bkg")
                ],
                keys=["sig", "bkg"],
            )
            for one, prefix in PREFIXES.items()
        }
        frame = frames[part]
        names = frame.iloc[:, -1].str.removesuffix(".root")
        counts = {
            one: held.iloc[:, -1].str.removesuffix(".root").value_counts()
            for one, held in frames.items()
        }
        is_signal = frame.index.get_level_values(0) == "sig"
        several = isinstance(settings, MulticlassSettings)
        other = [CODES.get(name[:2], 4) if several else 1 for name in names]
        return Truth(
            weights=frame.iloc[:, -2].to_numpy(),
            processes=names.to_numpy(),
            codes=np.where(is_signal, 0, other),
            factors=np.array([sum(c[n] for c in counts.values()) / counts[part][n] for n in names]),
        )

    return read


@pytest.fixture(scope="session")
def binary_settings(
    simulated: Path, settings: Callable[..., BinarySettings]
) -> Callable[..., BinarySettings]:
    """Settings of binary networks of the simulated events, judged at any cut."""

    def made(**given: object) -> BinarySettings:
        usual = {"data": str(simulated / "data"), "epochs": 12, "scan": "scores"}
        return settings(**{**usual, **TRAINING, **given})

    return made


@pytest.fixture(scope="session")
def one(train: Callable[..., Campaign], binary_settings: Callable[..., BinarySettings]) -> Campaign:
    """One binary network."""
    return train(binary_settings())


@pytest.fixture(scope="session")
def several(
    train: Callable[..., Campaign],
    binary_settings: Callable[..., BinarySettings],
    simulated: Path,
) -> Campaign:
    """Two binary networks, a linear discriminant and the optimum, with the factors of the example."""
    classes = {
        part: dict.fromkeys(("Signal", "Background"), factor) for part, factor in FACTORS.items()
    }
    return train(
        binary_settings(
            runs=2,
            compare=["lda"],
            optimum=str(simulated / "truth" / "binary"),
            split_factors=classes,
            scan="page",
        )
    )


@pytest.fixture(scope="session")
def folded(
    train: Callable[..., Campaign], binary_settings: Callable[..., BinarySettings]
) -> Campaign:
    """A network a fold."""
    return train(binary_settings(folds=3))


@pytest.fixture(scope="session")
def multiclass(train: Callable[..., Campaign], simulated: Path) -> Campaign:
    """One network of five classes."""
    return train(
        MulticlassSettings(
            data=str(simulated / "17var" / "data"),
            runs=1,
            decays=[0.0],
            epochs=20,
            scan="scores",
            **TRAINING,
        )
    )


@pytest.fixture(scope="session")
def judged() -> Callable[[Campaign], Assessment]:
    """What the network of a campaign is worth, or the mean of its several; found once."""
    known: dict[int, tuple[Campaign, Assessment]] = {}

    def found(campaign: Campaign) -> Assessment:
        if id(campaign) not in known:
            networks = campaign.networks
            chosen = mean_of(networks) if len(networks) > 1 else networks[0]
            known[id(campaign)] = campaign, assess(campaign, chosen)
        return known[id(campaign)][1]

    return found
