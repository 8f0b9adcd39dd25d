"""Cross-corpus data sets: trained on one corpus and tested on others, all simulated.

The corpora of the page cannot be given away. These stand for recordings of four emotions
by several laboratories: the emotions move 24 acoustic features alike everywhere, while
each laboratory's microphones and speakers shift, stretch and mix the features their own way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sortal.plugins.given_data import CV_FOLDS, TEST_ONLY, GivenData
from sortal.systems.clavis.builtin.tables import About

EMOTIONS = ("anger", "happiness", "neutral", "sadness")
FEATURES = 24

_SEED = 5
_SPREAD = 1.1
"""Distance between emotions in units of the spread of one emotion's recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A laboratory's recordings."""

    name: str
    recordings: int
    strangeness: float
    """How far its features are shifted, stretched and mixed; 0 for not at all."""

    shares: tuple[float, ...]
    """Share of each emotion."""


A = Corpus(name="a", recordings=1200, strangeness=0.0, shares=(0.25, 0.25, 0.25, 0.25))
B = Corpus(name="b", recordings=600, strangeness=0.25, shares=(0.2, 0.2, 0.4, 0.2))
C = Corpus(name="c", recordings=400, strangeness=0.6, shares=(0.1, 0.3, 0.3, 0.3))


def simulate(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Draw a corpus; the same every time.

    Returns:
        Features, shape (recordings, 24), and codes of emotions, shape (recordings,).
    """
    common = np.random.default_rng(_SEED)
    centres = _SPREAD * common.normal(size=(len(EMOTIONS), FEATURES)) / np.sqrt(2)
    random = np.random.default_rng([_SEED, *corpus.name.encode()])
    codes = random.choice(len(EMOTIONS), size=corpus.recordings, p=corpus.shares)
    features = centres[codes] + random.normal(size=(corpus.recordings, FEATURES))
    mixed = np.eye(FEATURES) + corpus.strangeness * _mixing(random)
    stretch = np.exp(corpus.strangeness * random.normal(size=FEATURES) / 2)
    shift = corpus.strangeness * random.normal(size=FEATURES)
    return features @ mixed * stretch + shift, codes


def _mixing(random: np.random.Generator) -> np.ndarray:
    return np.asarray(random.normal(size=(FEATURES, FEATURES)) / np.sqrt(FEATURES))


_ONE = About(
    "cross_corpus_simulated_a_on_b", "Simulated | Trained on corpus A, tested on corpus B", EMOTIONS
)
_TWO = About(
    "cross_corpus_simulated_a_on_b_and_c",
    "Simulated | Trained on corpus A, tested on corpora B and C apart",
    EMOTIONS,
)


def _cross(about: About, tests: tuple[Corpus, ...]) -> GivenData:
    X_train, y_train = simulate(A)
    drawn = [simulate(corpus) for corpus in tests]
    several = {
        CV_FOLDS: np.repeat(np.arange(len(tests)), [corpus.recordings for corpus in tests]),
        TEST_ONLY: True,
    }
    return GivenData(
        name=about.name,
        description=about.description,
        class_names=about.class_names,
        X_train=X_train,
        y_train=y_train,
        X_test=np.concatenate([X for X, _ in drawn]),
        y_test=np.concatenate([y for _, y in drawn]),
        specs=several if len(tests) > 1 else {},
    )


MADE: tuple[tuple[About, Callable[[], GivenData]], ...] = (
    (_ONE, partial(_cross, _ONE, (B,))),
    (_TWO, partial(_cross, _TWO, (B, C))),
)
