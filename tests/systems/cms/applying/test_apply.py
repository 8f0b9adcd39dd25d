"""Trained networks applied to files of events."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from sortal.data.dataset import Dataset
from sortal.data.inputs import Inputs
from sortal.data.labels import Labels, Outputs
from sortal.errors import Damaged, DataError, NotFound, OptionError, UserError
from sortal.jobs.applying.predict import Predictor
from sortal.jobs.applying.predictor_folder import load_predictor, save_predictor
from sortal.jobs.launch import Launched, launch
from sortal.jobs.running.run_options import RunOptions
from sortal.store.store import Store
from sortal.systems.cms.applying import score_file
from sortal.systems.cms.applying.apply import ApplySummary, apply

uproot = pytest.importorskip("uproot")

VARIABLES = ("Met", "HT", "Jet1Pt", "Njet")
ABOUT = {"columns": {"weight": "weight", "process": "process", "event_number": "event"}}


def _events(count: int, seed: int) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    signal = generator.random(count) < 0.4
    met = generator.gamma(3.0, 60.0, count) + 90 * signal
    jet = generator.gamma(2.0, 50.0, count)
    return pl.DataFrame(
        {
            "Met": met.astype(np.float32),
            "HT": (jet + met * generator.random(count)).astype(np.float32),
            "Jet1Pt": jet.astype(np.float32),
            "Njet": generator.poisson(3 + signal).astype(np.int32),
            "weight": generator.normal(1.0, 0.5, count),
            "process": np.where(signal, "Stop.root", "TTbar.root"),
            # Neighbours lie within one unit of float64: event numbers have up to 64 bits.
            "event": generator.permutation(count).astype(np.int64) + 2**60,
            "signal": signal.astype(np.int8),
            "fold": np.zeros(count, dtype=np.int64),
        }
    ).with_columns(fold=pl.col("event") % 3)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Networks as folders, the events of their training, and the jobs behind them."""

    folder: Path
    events: pl.DataFrame
    store: Store
    launched: dict[str, Launched]

    def model(self, name: str) -> Path:
        """A run's folder."""
        return self.folder / name


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """One network of one output, one of classes, one in three folds."""
    folder = tmp_path_factory.mktemp("campaign")
    events = _events(1200, seed=0)
    features = events.select(VARIABLES).to_numpy().astype(np.float64)
    signal = events["signal"].to_numpy()
    one = Labels(signal[:, None], ("signal",), Outputs.INDEPENDENT)
    several = Labels((1 - signal).astype(np.int64), ("Stop", "TTbar"))

    def dataset(labels: Labels, folds: np.ndarray | None = None) -> Dataset:
        return Dataset(
            name="events",
            inputs=Inputs({"features": features}, events["event"].to_numpy()),
            labels=labels,
            names={"features": VARIABLES},
            weights=events["weight"].to_numpy(),
            folds=folds,
        )

    folds = {"split": {"kind": "given_folds", "column": "fold"}}
    mlp = {"method": "mlp", "parameters": {"epochs": 3, "hidden_layer_sizes": [8]}}
    done = {}
    for name, examples, split in (
        ("binary", dataset(one), {}),
        ("multiclass", dataset(several), {}),
        ("folded", dataset(one, events["fold"].to_numpy()), folds),
    ):
        data = {"source": "events", "scaling": "minmax_symmetric", **split}
        job = {"title": name, "data": data, "classifiers": [mlp], "bootstrap": 0}
        done[name] = launch(
            job, store=folder / "store", options=RunOptions(cores=1), dataset=examples
        )
        assert done[name].summary.exit_code == 0
        predictor = Predictor.load(Store.open(folder / "store"), done[name].results.titled("mlp"))
        save_predictor(predictor, folder / name / "network", ABOUT)
    return Campaign(folder, events, Store.open(folder / "store"), done)


@pytest.fixture
def write(campaign: Campaign, tmp_path: Path) -> Any:
    """Write events as a file of any kind."""

    def written(name: str, events: pl.DataFrame = campaign.events) -> Path:
        path = tmp_path / name
        if name.endswith(".root"):
            columns = {
                one: events[one].to_list()
                if events[one].dtype == pl.String
                else events[one].to_numpy()
                for one in events.columns
            }
            with uproot.recreate(path) as file:
                import awkward as ak

                kinds = {
                    n: "string" if isinstance(c, list) else c.dtype for n, c in columns.items()
                }
                tree = file.mktree("nominal", kinds)
                arrays = {n: ak.Array(c) if isinstance(c, list) else c for n, c in columns.items()}
                tree.extend(arrays)
        elif name.endswith(".parquet"):
            events.write_parquet(path)
        else:
            events.write_csv(path)
        return path

    return written


def _read(path: Path) -> pl.DataFrame:
    if path.suffix != ".root":
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
    with uproot.open(path) as file:
        arrays = file["events"].arrays(library="np")
        return pl.DataFrame({name: list(arrays[name]) for name in file["events"].keys()})  # noqa: SIM118


def _page_lines(events: pl.DataFrame) -> str:
    page = events.select(*VARIABLES, "weight", "process")
    return page.write_csv(include_header=False)


def _expected(campaign: Campaign, name: str, events: pl.DataFrame, **shift: Any) -> np.ndarray:
    matrix = events.with_columns(**shift).select(VARIABLES).to_numpy().astype(np.float64)
    inputs = Inputs({"features": matrix}, np.arange(len(matrix)))
    return load_predictor(campaign.model(name) / "network").predict(inputs).scores


@pytest.mark.parametrize("source", ["in.root", "in.parquet", "in.csv"])
@pytest.mark.parametrize("asked", ["out.root", "out.parquet", "out.csv"])
def test_events_get_the_scores_that_the_job_stored(source, asked, campaign, write, tmp_path):
    out = tmp_path / asked
    done = apply(campaign.model("binary"), [write(source)], out, chunk=500)
    table = _read(out)
    assert table.columns == ["score", "weight", "process", "event"]
    assert done.events == len(table) == 1200
    stored = (
        campaign.launched["binary"]
        .results.scores("mlp")
        .with_columns(event=pl.col("id").cast(pl.Int64))
    )
    joined = stored.join(table.cast({"event": pl.Int64}), on="event")
    assert len(joined) == len(stored) > 100
    np.testing.assert_allclose(joined["score"], joined["score_signal"], atol=1e-6)
    np.testing.assert_allclose(table["weight"], campaign.events["weight"], rtol=1e-12)
    assert table["process"].to_list() == campaign.events["process"].to_list()
    assert not list(tmp_path.glob(".tmp*"))


def test_an_rntuple_is_read_as_a_tree_is(campaign, tmp_path):
    columns = {name: campaign.events[name].to_numpy() for name in (*VARIABLES, "weight")}
    with uproot.recreate(tmp_path / "in.root") as file:
        tuple_ = file.mkrntuple("events", columns)
        assert tuple_.num_entries == 1200
    apply(campaign.model("binary"), [tmp_path / "in.root"], tmp_path / "out.root", chunk=500)
    expected = _expected(campaign, "binary", campaign.events)[:, 0]
    np.testing.assert_allclose(_read(tmp_path / "out.root")["score"], expected, atol=1e-6)


@pytest.mark.parametrize("asked", ["out.root", "out.parquet"])
def test_classes_have_a_score_each_and_the_largest_is_named(asked, campaign, write, tmp_path):
    out = tmp_path / asked
    apply(campaign.model("multiclass"), [write("in.root")], out, keep=["event"])
    table = _read(out)
    assert table.columns == ["score_Stop", "score_TTbar", "predicted", "event"]
    scores = table.select(table.columns[:2]).to_numpy()
    np.testing.assert_allclose(
        scores, _expected(campaign, "multiclass", campaign.events), atol=1e-6
    )
    largest = np.array(["Stop", "TTbar"])[scores.argmax(axis=1)]
    assert table["predicted"].to_list() == largest.tolist()


def test_csv_without_a_header_gives_the_columns_of_the_guide(campaign, tmp_path):
    (tmp_path / "test_sig.csv").write_text(_page_lines(campaign.events))
    apply(campaign.model("binary"), [tmp_path / "test_sig.csv"], tmp_path / "test_output.csv")
    names = ["score", "weight", "process"]
    table = pl.read_csv(tmp_path / "test_output.csv", has_header=False, new_columns=names)
    assert table.shape == (1200, 3)
    expected = _expected(campaign, "binary", campaign.events)[:, 0]
    np.testing.assert_allclose(table["score"], expected, atol=1e-6)
    np.testing.assert_allclose(table["weight"], campaign.events["weight"])
    assert set(table["process"]) == {"Stop", "TTbar"}


def test_chunks_and_files_do_not_change_scores(campaign, write, tmp_path):
    one = write("one.root", campaign.events[:700])
    two = write("two.parquet", campaign.events[700:])
    for chunk in (1200, 97):
        out = tmp_path / f"{chunk}.parquet"
        apply(campaign.model("binary"), [one, two], out, chunk=chunk)
        expected = _expected(campaign, "binary", campaign.events)[:, 0]
        np.testing.assert_allclose(_read(out)["score"], expected, atol=1e-6)


def test_each_event_is_scored_by_the_network_that_never_saw_it(campaign, write, tmp_path):
    done = apply(campaign.model("folded"), [write("in.root")], tmp_path / "out.parquet", chunk=301)
    assert done.by_fold
    table = _read(tmp_path / "out.parquet")
    own = dict(zip(table["event"].to_list(), table["score"].to_list(), strict=True))
    results = campaign.launched["folded"].results
    seen = 0
    for member in results.titled("mlp")[0].members:
        record = member.record
        rows = campaign.store.datasets.splits.get(record.dataset, record.split).test
        ids = campaign.store.datasets.get(record.dataset).inputs.ids[rows]
        scores = campaign.store.members.scores([member.entry.key])[0][-len(rows) :, 0]
        np.testing.assert_allclose([own[int(one)] for one in ids], scores, atol=1e-6)
        seen += len(rows)
    assert seen == 1200


def test_without_event_numbers_folds_are_averaged_with_a_note(campaign, write, tmp_path):
    file = write("in.parquet", campaign.events.drop("event"))
    done = apply(campaign.model("folded"), [file], tmp_path / "out.parquet")
    assert not done.by_fold
    assert any("--event-number" in sentence for sentence in done.sentences())
    expected = _expected(campaign, "folded", campaign.events)[:, 0]
    np.testing.assert_allclose(_read(tmp_path / "out.parquet")["score"], expected, atol=1e-6)


def test_shifts_score_the_same_events_with_shifted_inputs(campaign, write, tmp_path):
    shifts = {
        "jes_up": {"Jet1Pt": "Jet1Pt * 1.1", "Met": "Met + 0.1 * Jet1Pt"},
        "jes_down": {"Jet1Pt": "Jet1Pt * 0.9"},
    }
    apply(
        campaign.model("binary"), [write("in.root")], tmp_path / "out.root",
        shifts=shifts, cut="Jet1Pt > 60", chunk=333,
    )  # fmt: skip
    table = _read(tmp_path / "out.root")
    assert table.columns[:3] == ["score", "score_jes_up", "score_jes_down"]
    events = campaign.events.filter(pl.col("Jet1Pt") > 60)
    up = {"Jet1Pt": pl.col("Jet1Pt") * 1.1, "Met": pl.col("Met") + 0.1 * pl.col("Jet1Pt")}
    for column, shift in {"score": {}, "score_jes_up": up}.items():
        expected = _expected(campaign, "binary", events, **shift)[:, 0]
        np.testing.assert_allclose(table[column], expected, atol=2e-5)
    assert np.abs(table["score"].to_numpy() - table["score_jes_up"].to_numpy()).max() > 1e-3


def test_a_shift_reaches_what_an_alias_derives_from_it(campaign, write, tmp_path):
    events = campaign.events.rename({"HT": "ht_raw"})
    apply(
        campaign.model("binary"), [write("in.parquet", events)], tmp_path / "out.parquet",
        aliases={"HT": "ht_raw * 2"}, shifts={"up": {"ht_raw": "ht_raw + 10"}, "late": {"HT": "HT + 5"}},
    )  # fmt: skip
    table = _read(tmp_path / "out.parquet")
    raw = campaign.events["HT"]
    for column, values in {"score": raw * 2, "score_up": (raw + 10) * 2, "score_late": raw * 2 + 5}.items():  # fmt: skip
        expected = _expected(campaign, "binary", campaign.events, HT=values)[:, 0]
        np.testing.assert_allclose(table[column], expected, atol=2e-5)


@pytest.mark.parametrize("name", ["in.root", "in.csv", "in.parquet"])
def test_an_unknown_column_is_told_with_the_nearest_names(name, campaign, write, tmp_path):
    events = campaign.events.rename({"Jet1Pt": "Jet1_Pt"})
    with pytest.raises(DataError, match=r"'Jet1Pt'.*Did you mean 'Jet1_Pt'"):
        apply(campaign.model("binary"), [write(name, events)], tmp_path / "out.root")
    with pytest.raises(DataError, match=r"'wieght'.*Did you mean 'weight'"):
        apply(campaign.model("binary"), [write(name)], tmp_path / "out.root", keep=["wieght"])
    with pytest.raises(DataError, match=r"'evnt'.*Did you mean 'event'"):
        apply(campaign.model("folded"), [write(name)], tmp_path / "out.root", event_number="evnt")
    assert not (tmp_path / "out.root").exists()


def test_text_in_a_number_is_told_with_its_line(campaign, write, tmp_path):
    lines = write("in.csv").read_text().splitlines()
    lines[900] = lines[900].replace(",", ",high,", 1).replace(",high,", ",high", 1)
    (tmp_path / "bad.csv").write_text("\n".join(lines))
    for options in ({}, {"cut": "Met > 0"}, {"cut": "HT > 0"}, {"aliases": {"HT": "HT * 1"}}):
        with pytest.raises(DataError, match=r"bad\.csv, line 901: (variable|column) 'HT'.*'high"):
            apply(
                campaign.model("binary"), [tmp_path / "bad.csv"], tmp_path / "out.csv",
                chunk=100, **options,
            )  # fmt: skip
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".tmp*"))


def test_a_missing_value_is_refused_with_its_place_or_unscored(campaign, write, tmp_path):
    values = campaign.events["Met"].to_numpy().copy()
    values[[7, 811]] = np.nan, np.inf
    file = write("in.root", campaign.events.with_columns(Met=values))
    with pytest.raises(DataError, match=r"in\.root, entry 7: variable 'Met'.*NaN.*--missing"):
        apply(campaign.model("binary"), [file], tmp_path / "out.parquet")
    with pytest.raises(DataError, match=r"entry 811: variable 'Met'.*inf"):
        apply(campaign.model("binary"), [file], tmp_path / "out.parquet", cut="event % 1 == 0 && (Met > 0)")  # fmt: skip
    for model in ("binary", "multiclass", "folded"):
        out = tmp_path / "out.parquet"
        done = apply(campaign.model(model), [file], out, missing="nan", chunk=100)
        assert done.without_score == 2
        table = _read(out)
        scores = table[table.columns[0]].to_numpy()
        assert np.flatnonzero(np.isnan(scores)).tolist() == [7, 811]
        if model == "multiclass":
            assert table["predicted"].null_count() == 2


def test_text_event_numbers_beyond_63_bits_are_kept_as_they_are(campaign, write, tmp_path):
    numbers = [str(2**63 + row) for row in range(len(campaign.events))]
    file = write("in.csv", campaign.events.with_columns(event=pl.Series(numbers)))
    options = {"event_number": "event", "chunk": 100}
    apply(campaign.model("folded"), [file], tmp_path / "out.parquet", **options)
    found = pl.read_parquet(tmp_path / "out.parquet")["event"]
    assert found.dtype == pl.UInt64
    assert found.cast(pl.String).to_list() == numbers
    numbers[0:100] = map(str, range(100))
    file = write("in.csv", campaign.events.with_columns(event=pl.Series(numbers)))
    with pytest.raises(
        DataError, match="line 102: column 'event': expected a number of type int64"
    ):
        apply(campaign.model("folded"), [file], tmp_path / "out.parquet", **options)


def test_columns_of_text_files_stay_numbers_except_in_text(campaign, write, tmp_path):
    file = write("in.csv", campaign.events.with_columns(note=pl.lit("a,b"), run=pl.lit(1.50)))
    keep = ["event", "run", "note"]
    apply(
        campaign.model("binary"), [file], tmp_path / "out.parquet", keep=keep, event_number="event"
    )
    typed = pl.read_parquet(tmp_path / "out.parquet")
    assert typed.schema["event"] == pl.Int64
    assert typed.schema["run"] == pl.Float64
    assert typed["event"].to_list() == campaign.events["event"].to_list()
    apply(campaign.model("binary"), [file], tmp_path / "out.csv", keep=keep)
    first = (tmp_path / "out.csv").read_text().splitlines()[1]
    assert first.endswith(f'{campaign.events["event"][0]},1.5,"a,b"')


def test_values_outside_the_training_range_are_counted(campaign, write, tmp_path):
    met = np.where(np.arange(1200) < 30, 1e6, campaign.events["Met"])
    file = write("in.parquet", campaign.events.with_columns(Met=met))
    done = apply(
        campaign.model("binary"), [file], tmp_path / "out.parquet",
        shifts={"up": {"Met": "Met * 1000"}}, chunk=100,
    )  # fmt: skip
    assert done.outside["Met"] == 30
    assert any("Met in 30" in sentence for sentence in done.sentences())


def test_everything_flat_is_kept_on_request(campaign, tmp_path):
    import awkward as ak

    events = campaign.events
    with uproot.recreate(tmp_path / "in.root") as file:
        columns = {name: events[name].to_numpy() for name in (*VARIABLES, "event")}
        lists = ak.Array([[1.0, 2.0]] * len(events))
        tree = file.mktree("t", {**{n: c.dtype for n, c in columns.items()}, "Jet_pt": lists.type})
        tree.extend({**columns, "Jet_pt": lists})
    apply(campaign.model("binary"), [tmp_path / "in.root"], tmp_path / "out.root", keep=["*"])
    table = _read(tmp_path / "out.root")
    assert set(table.columns) == {"score", *VARIABLES, "event", "nJet_pt"}
    assert table["event"].to_list() == events["event"].to_list()


@pytest.mark.parametrize(
    "case",
    [
        ({"shifts": {"up": {"weight": "weight * 2"}}}, OptionError, "variable of the network"),
        ({"shifts": {"up": {"Met": "Mett * 2"}}}, DataError, "'Met'"),
        ({"shifts": {"up": {"Met": "Met *"}}}, DataError, "Met"),
        ({"chunk": 0}, OptionError, "--chunk"),
        ({"keep": ["*"], "aliases": {"score_x": "Met"}}, DataError, "name of a score"),
        ({"tree": "events"}, DataError, "nominal"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_refused(case, campaign, write, tmp_path):
    options, kind, told = case
    with pytest.raises(kind, match=told):
        apply(campaign.model("binary"), [write("in.root")], tmp_path / "out.root", **options)
    assert not (tmp_path / "out.root").exists()


def test_what_is_no_network_or_a_damaged_one_is_told(campaign, write, tmp_path):
    import shutil

    file = write("in.root")
    with pytest.raises(NotFound, match="'binary'"):
        apply(campaign.folder / "binray", [file], tmp_path / "out.root")
    with pytest.raises(UserError, match=r"expected a trained network in it.*binary"):
        apply(campaign.folder, [file], tmp_path / "out.root")
    with pytest.raises(OptionError, match=r"\.root, \.parquet, \.csv"):
        apply(campaign.model("binary"), [file], tmp_path / "out.txt")
    shutil.copytree(campaign.model("binary"), tmp_path / "copy")
    tensors = tmp_path / "copy" / "network" / "models" / "0" / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:-1])
    with pytest.raises(Damaged, match="tensors"):
        apply(tmp_path / "copy", [file], tmp_path / "out.root")


def test_a_file_of_scores_that_cannot_be_ended_leaves_nothing(tmp_path, monkeypatch):
    close = score_file._CsvFile.close

    def full(self):
        close(self)
        raise OSError("no space left on device")

    def write():
        with score_file.writing(tmp_path / "out.csv") as file:
            file.write(pa.table({"score": [0.5]}))

    monkeypatch.setattr(score_file._CsvFile, "close", full)
    with pytest.raises(OSError, match="no space left"):
        write()
    assert not list(tmp_path.iterdir())


def test_an_interrupt_leaves_the_file_that_was_there(campaign, write, tmp_path):
    out = tmp_path / "out.parquet"
    apply(campaign.model("binary"), [write("in.parquet")], out)
    before = out.read_bytes()

    def interrupt(done: ApplySummary) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(campaign.model("binary"), [write("in.root")], out, chunk=10, progress=interrupt)
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".tmp*"))


APPLY = """
from sortal.systems.cms.applying import score_file
from sortal.systems.cms.applying.apply import apply
apply(Path(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]), chunk=20_000)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["root", "csv"])
def test_more_events_need_no_more_memory(suffix, campaign, tmp_path, private_megabytes):
    def megabytes(repeats: int) -> float:
        file = tmp_path / f"in.{suffix}"
        if suffix == "root":
            columns = {name: campaign.events[name].to_numpy() for name in (*VARIABLES, "weight")}
            with uproot.recreate(file) as opened:
                tree = opened.mktree("t", {name: c.dtype for name, c in columns.items()})
                for _ in range(repeats):
                    tree.extend({name: np.tile(c, 40) for name, c in columns.items()})
        else:
            file.write_text(_page_lines(campaign.events) * 40 * repeats)
        out = tmp_path / f"out.{suffix}"
        return private_megabytes(APPLY, campaign.model("binary"), file, out)

    few, many = megabytes(4), megabytes(40)
    assert many < few + 150, f"{few:.0f} MB for 192,000 events, {many:.0f} for 1,920,000"
