"""The ways there are: names, what they need, how they are told to use two threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from side_by_side import THREADS

_EVERYWHERE = {
    "OMP_NUM_THREADS": str(THREADS),
    "OPENBLAS_NUM_THREADS": str(THREADS),
    "MKL_NUM_THREADS": str(THREADS),
    "CUDA_VISIBLE_DEVICES": "",
}

_TENSORFLOW = {
    "KERAS_BACKEND": "tensorflow",
    "TF_NUM_INTRAOP_THREADS": str(THREADS),
    "TF_NUM_INTEROP_THREADS": str(THREADS),
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to train the members."""

    name: str
    """On the command line and in the table."""

    module: str
    key: str = ""
    """In the last line, after `batch64_vs_`; empty for ours."""

    together: bool = False
    """Whether it trains all members at once; else one after another, a few a round."""

    packages: tuple[str, ...] = ()
    """What it imports beyond Sortal's own dependencies."""

    targets: Mapping[int, float] = field(default_factory=dict)
    """Smallest ratio wanted, by batch size."""

    alike: bool = True
    """Whether it does just what we do, so that the losses must agree."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment of its own."""

    @property
    def environment(self) -> dict[str, str]:
        return {**_EVERYWHERE, **self.settings}

    @property
    def lacking(self) -> list[str]:
        """Packages that are not installed."""
        return [package for package in self.packages if find_spec(package) is None]


# As in Sortal's workers.
OURS = Way(
    name="ours",
    module="sortal_population",
    together=True,
    settings={
        "GOMP_SPINCOUNT": "10000",
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    },
)

PEERS: Sequence[Way] = (
    Way(
        name="keras-tensorflow",
        module="keras_fit",
        key="keras",
        packages=("keras", "tensorflow"),
        targets={64: 45, 512: 16, 5000: 8},
        settings=_TENSORFLOW,
    ),
    Way(
        name="keras-jax",
        module="keras_fit",
        key="keras_jax",
        packages=("keras", "jax"),
        # NPROC is what JAX on a CPU goes by.
        settings={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "NPROC": str(THREADS)},
    ),
    Way(name="torch", module="torch_loop", key="torch", targets={64: 11, 512: 4.5, 5000: 2.1}),
    Way(name="vmap", module="torch_vmap", key="vmap", together=True),
    Way(name="sklearn", module="sklearn_mlp", key="sklearn", alike=False),
)
