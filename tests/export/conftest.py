"""Networks that a job really trained, and networks made by hand of any layers."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_iris

import sortal
from sortal.data.labels import Outputs
from sortal.engines.inline import InlineEngine
from sortal.export.portable import Portable
from sortal.export.scaler import Scaler
from sortal.jobs.applying.export import load_portable
from sortal.methods.neural.model import TrainedStack
from sortal.networks.network import Network


def _mlp(title: str, **parameters: Any) -> dict[str, Any]:
    settled = {"hidden_layer_sizes": [8, 6], "epochs": 8, **parameters}
    return {"method": "mlp", "title": title, "parameters": settled}


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, sortal.Results]:
    """Results of small jobs: three classes, two classes, independent targets with gaps."""
    folder = tmp_path_factory.mktemp("trained")
    frame = pl.DataFrame(load_breast_cancer().data[:, :4], schema=["a", "b", "c", "d"])
    label = load_breast_cancer().target
    gaps = pl.when(pl.int_range(pl.len()) % 17 != 3).then(pl.col("b")).alias("b")
    frame = frame.with_columns(gaps, ill=pl.Series(label), large=(pl.col("a") > 14).cast(int))
    frame.write_csv(folder / "targets.csv")
    two = {"source": "breast_cancer", "scaling": "standard"}
    gappy = {
        "source": str(folder / "targets.csv"),
        "label": ["ill", "large"],
        "targets": "multilabel",
        "imputation": "median",
        "scaling": "robust",
    }
    jobs = {
        "iris": (
            {"source": "iris", "scaling": "minmax"},
            [
                _mlp("tanh", activation="tanh", dropout=0.2),
                _mlp("leaky", activation="leaky_relu", leaky_slope=0.15),
                _mlp("maxout", activation="maxout"),
                {**_mlp("seeds", epochs=1), "seeds": 2},
                {**_mlp("calibrated", epochs=1), "calibrate": "sigmoid"},
                {
                    "method": "realmlp",
                    "title": "realmlp",
                    "parameters": {"hidden_layer_sizes": [8, 6], "epochs": 8},
                },
                {"method": "kneighbors", "title": "neighbours"},
            ],
        ),
        "white": ({"source": "iris", "scaling": "whiten"}, [_mlp("relu")]),
        "cancer": (
            two,
            [_mlp("relu"), _mlp("gelu", activation="gelu"), _mlp("normal", batch_norm=True)],
        ),
        "targets": (gappy, [_mlp("elu", activation="elu")]),
        "apart": ({**gappy, "targets": "independent"}, [_mlp("selu", activation="selu")]),
    }
    return {
        name: sortal.run(
            {"title": name, "data": data, "classifiers": classifiers, "bootstrap": 0},
            store=folder / "store",
            cores=1,
            quiet=True,
            engines=InlineEngine(),
        )
        for name, (data, classifiers) in jobs.items()
    }


@pytest.fixture(scope="session")
def raw() -> dict[str, np.ndarray]:
    """Raw features of the jobs' data, float32."""
    cancer = load_breast_cancer().data
    return {
        "iris": load_iris().data.astype(np.float32),
        "white": load_iris().data.astype(np.float32),
        "cancer": cancer.astype(np.float32),
        "targets": cancer[:, :4].astype(np.float32),
    }


@pytest.fixture(scope="session")
def portable(trained: dict[str, sortal.Results]) -> Callable[..., Portable]:
    """A trained network of a job by its title."""

    def load(job: str, title: str, target: str | None = None) -> Portable:
        results = trained[job]
        return load_portable(results.store, results.titled(title, target)[0].members[0])

    return load


@pytest.fixture(scope="session")
def said(trained: dict[str, sortal.Results]) -> Callable[..., np.ndarray]:
    """What Sortal predicts for raw features, as a user would ask it; (examples, outputs)."""

    def predict(job: str, title: str, rows: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # rows that training did not see
            frame = trained[job].predict(title, rows)
        return frame.select(pl.selectors.starts_with("score_")).to_numpy()

    return predict


Made = Callable[..., Portable]

_END = [{"kind": "flatten"}, {"kind": "dense", "units": 2}]
_CURVE = {"kind": "activation", "name": "relu"}


@pytest.fixture(scope="session")
def of_points() -> dict[str, tuple[tuple[int, ...], list[dict[str, Any]]]]:
    """Networks over signals and stamps that together have every such layer: shape and layers."""
    stamp, signal, row = (3, 9, 8), (2, 21), (6,)
    long = [{"kind": "conv2d", "channels": 5, "kernel": [3, 3], "padding": "same"}, _CURVE]
    short = [{"kind": "conv2d", "channels": 5, "kernel": [1, 1]}]
    return {
        "plain": (
            stamp,
            [
                {"kind": "rescale", "factor": 0.5},
                {"kind": "conv2d", "channels": 4, "kernel": [3, 2]},
                _CURVE,
                *_END,
            ],
        ),
        "same": (
            stamp,
            [
                {
                    "kind": "conv2d",
                    "channels": 4,
                    "kernel": [4, 3],
                    "stride": [2, 2],
                    "padding": "same",
                    "bias": False,
                },
                {"kind": "batch_norm", "epsilon": 0.01, "momentum": 0.9},
                _CURVE,
                {"kind": "max_pool2d", "size": [2, 2], "padding": "same"},
                {"kind": "dropout", "rate": 0.3, "whole_channels": True},
                *_END,
            ],
        ),
        "zeros": (
            stamp,
            [
                {"kind": "conv2d", "channels": 4, "kernel": [3, 3], "padding": 2},
                {"kind": "average_pool2d", "size": [3, 2], "stride": [2, 2], "padding": "same"},
                {"kind": "global_average"},
                {"kind": "layer_norm"},
                {"kind": "dense", "units": 2},
            ],
        ),
        "separable": (
            stamp,
            [
                {"kind": "layer_norm", "epsilon": 0.1},
                {
                    "kind": "separable_conv2d",
                    "channels": 4,
                    "kernel": [3, 3],
                    "multiplier": 2,
                    "padding": "same",
                },
                {"kind": "activation", "name": "leaky_relu", "slope": 0.1},
                {"kind": "average_pool2d", "size": [2, 2]},
                {"kind": "alpha_dropout", "rate": 0.2},
                *_END,
            ],
        ),
        "signal": (
            signal,
            [
                {"kind": "conv1d", "channels": 4, "kernel": 5, "stride": 2, "padding": "same"},
                {"kind": "batch_norm"},
                {"kind": "max_pool1d", "size": 3, "stride": 2},
                {"kind": "conv1d", "channels": 6, "kernel": 3, "padding": 1},
                {"kind": "average_pool1d", "size": 2, "padding": "same"},
                {"kind": "global_max"},
                {"kind": "dense", "units": 2},
            ],
        ),
        "row": (
            row,
            [
                {"kind": "dense", "units": 5, "bias": False},
                {"kind": "batch_norm"},
                _CURVE,
                {"kind": "layer_norm"},
                {"kind": "dense", "units": 2},
            ],
        ),
        "laid out": (
            (24,),
            [
                {"kind": "unflatten", "channels": 3, "points": [4, 2]},
                {"kind": "augment", "shift": 0.3, "flip": "both"},
                {"kind": "conv2d", "channels": 4, "kernel": [2, 2], "padding": "same"},
                _CURVE,
                *_END,
            ],
        ),
        "memory": (
            (24,),
            [
                {"kind": "unflatten", "channels": 2, "points": [12], "order": "first"},
                {"kind": "lstm", "units": 5, "sequence": True},
                {"kind": "dropout", "rate": 0.2},
                {"kind": "conv1d", "channels": 4, "kernel": 3},
                {"kind": "lstm", "units": 3},
                {"kind": "dense", "units": 2},
            ],
        ),
        "branch": (
            (9,),
            [
                {
                    "kind": "branch",
                    "start": 2,
                    "count": 6,
                    "layers": [
                        {"kind": "unflatten", "channels": 1, "points": [2, 3]},
                        {"kind": "conv2d", "channels": 2, "kernel": [2, 2]},
                        *_END[:1],
                    ],
                },
                {"kind": "dense", "units": 2},
            ],
        ),
        "residual": (
            stamp,
            [
                {"kind": "residual", "layers": long, "shortcut": short},
                {"kind": "residual", "layers": [{"kind": "batch_norm"}, *long]},
                *_END,
            ],
        ),
    }


@pytest.fixture(scope="session")
def made() -> Made:
    """A network of given layers with drawn weights, behind a standard scaler."""

    def make(
        layers: list[dict[str, Any]],
        *,
        shape: tuple[int, ...] = (3,),
        outputs: Outputs = Outputs.EXCLUSIVE,
        scale: float = 2.0,
        fill: float = np.nan,
        infinite_is_missing: bool = False,
        blanks: tuple[float, ...] = (),
    ) -> Portable:
        network = Network.model_validate({"shape": shape, "layers": layers})
        state = torch.empty(1, network.size).uniform_(
            -1, 1, generator=torch.Generator().manual_seed(1)
        )
        for held in network.held(state):
            for name, buffer in held.buffers.items():
                if name.endswith("variance"):
                    buffer.abs_()
        (count,) = network.shapes[-1]
        channel = 1 + np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1)) / 4
        spread = np.broadcast_to(scale * channel, shape)
        scaler = Scaler(
            fill=np.full(shape, fill),
            center=spread / 2,
            scale=spread,
            largest=3 * spread,
            infinite_is_missing=infinite_is_missing,
            blanks=blanks,
        )
        return Portable(
            model=TrainedStack(("key",), network, outputs, state),
            classes=tuple(f"class {n}" for n in range(count)),
            features=tuple(f"x{n}" for n in range(int(np.prod(shape)))),
            input_name="features",
            scaler=scaler,
            title="made by hand",
        )

    return make


@pytest.fixture(scope="session")
def of_tokens(made: Made) -> tuple[Portable, np.ndarray]:
    """A network over rows of eight tokens, which nothing scales, and such rows."""
    layers = [
        {"kind": "token_embedding", "tokens": 30, "size": 4},
        {"kind": "conv1d", "channels": 5, "kernel": 3},
        {"kind": "lstm", "units": 6},
        {"kind": "dense", "units": 2},
    ]
    net = made(layers, shape=(8,))
    object.__setattr__(net.scaler, "scale", np.ones(8))
    object.__setattr__(net.scaler, "center", np.zeros(8))
    rows = np.random.default_rng(4).integers(30, size=(20, 8)).astype(np.float32)
    return net, rows
