"""What stands beside scores: derived weights, and files of which no event passes."""

import numpy as np
import polars as pl
import pytest

from sortal.errors import DataError, OptionError
from sortal.systems.cms.applying.apply import apply

uproot = pytest.importorskip("uproot")

SETTINGS = """
year: "1"
channel: x
name: derived
variables: [r, met]
weight: w
aliases:
  half: pt / 2
  r: half / met
  w: gen * sf
  sf: where(pt > 50, 1.1, 0.9)
epochs: 2
batch_size: 50
bootstrap: 0
layers: [4]
"""


def table(rows, seed, signal):
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "pt": generator.exponential(40 + 30 * signal, rows) + 20,
            "met": generator.exponential(50, rows) + 10,
            "gen": generator.choice([1.0, 1.0, 1.0, -0.5], rows),
            "process": ["S" if signal else "B"] * rows,
        }
    )


@pytest.fixture(scope="module")
def network(workplace):
    """The folder of a network whose weight and variables are aliases of aliases."""
    folder = workplace.path / "derived"
    folder.mkdir()
    for place, (part, kind) in enumerate(
        (p, k) for p in ("train", "val", "test") for k in ("sig", "bkg")
    ):
        table(80, place, kind == "sig").write_csv(folder / f"{part}_{kind}.csv")
    (workplace.path / "derived.yaml").write_text(SETTINGS)
    done = workplace.cms("binary", "-s", "derived.yaml", "--data", "derived")
    assert done.exit_code == 0, done.output
    return workplace.path / "models" / "1_x_derived"


@pytest.fixture
def new(tmp_path):
    """New events, and the file that they lie in."""
    events = table(40, 9, True)
    path = tmp_path / "new.parquet"
    events.write_parquet(path)
    return events, path


def test_the_weight_of_the_training_is_derived_for_new_files(network, new, tmp_path):
    events, path = new
    done = apply(network, [path], tmp_path / "scores.parquet")
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    assert scores.columns == ["score", "w", "process"]
    expected = events["gen"].to_numpy() * np.where(events["pt"].to_numpy() > 50, 1.1, 0.9)
    np.testing.assert_allclose(scores["w"], expected)
    assert done.notes == ()


def test_a_weight_that_cannot_be_derived_is_a_note(network, new, tmp_path):
    events, path = new
    events.drop("gen").write_parquet(path)
    done = apply(network, [path], tmp_path / "scores.parquet")
    assert pl.read_parquet(tmp_path / "scores.parquet").columns == ["score", "process"]
    assert "'gen'" in done.notes[0]
    assert str(path) in done.notes[0]


def test_a_ready_weight_of_the_same_name_is_kept(network, new, tmp_path):
    events, path = new
    events.drop("gen").with_columns(w=pl.lit(3.0)).write_parquet(path)
    done = apply(network, [path], tmp_path / "scores.parquet")
    assert (pl.read_parquet(tmp_path / "scores.parquet")["w"] == 3.0).all()
    assert done.notes == ()


def test_a_chain_of_aliases_is_shifted_in_a_file_of_scores(network, new, tmp_path):
    events, path = new
    done = apply(
        network, [path], tmp_path / "a.parquet",
        shifts={"b": {"half": "half * 1.5"}, "c": {"pt": "pt * 1.5"}},
    )  # fmt: skip
    scores = pl.read_parquet(tmp_path / "a.parquet")
    events.with_columns(pl.col("pt") * 1.5).write_parquet(path)
    apply(network, [path], tmp_path / "b.parquet")
    expected = pl.read_parquet(tmp_path / "b.parquet")["score"]
    for name in ("score_b", "score_c"):
        np.testing.assert_allclose(scores[name], expected, rtol=1e-6)
        assert (scores[name] != scores["score"]).all()
    assert [note for note in done.notes if "'w'" in note and "shift c" in note]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".root"])
@pytest.mark.parametrize("source", [".csv", ".parquet"])
def test_files_without_passing_events_give_columns_alone(network, new, tmp_path, source, suffix):
    events, path = new
    path = path.with_suffix(source)
    events.write_csv(path) if source == ".csv" else events.write_parquet(path)
    out = tmp_path / f"scores{suffix}"
    done = apply(network, [path], out, cut="met > 1e6", shifts={"up": {"met": "met * 2"}})
    assert done.events == 0
    assert f"{path}: none of its 40 events passes the cut." in done.notes
    names = ["score", "score_up", "w", "process"]
    if suffix == ".root":
        with uproot.open(out) as file:
            assert file["events"].num_entries == 0
            branches = file["events"].keys()
            assert [name for name in branches if name in names] == names
    else:
        read = pl.read_csv(out) if suffix == ".csv" else pl.read_parquet(out)
        assert read.columns == names
        assert len(read) == 0


def test_one_file_of_several_without_passing_events_is_a_note(network, new, tmp_path):
    events, path = new
    low = tmp_path / "low.parquet"
    events.with_columns(met=pl.lit(1.0)).write_parquet(low)
    done = apply(network, [low, path], tmp_path / "s.parquet", cut="met > 5", keep=["pt"])
    assert done.events == 40
    assert done.notes[-1] == f"{low}: none of its 40 events passes the cut."
    assert pl.read_parquet(tmp_path / "s.parquet")["pt"].to_list() == events["pt"].to_list()


def test_a_file_without_events_is_a_note(network, new, tmp_path):
    events, _path = new
    empty = tmp_path / "empty.parquet"
    events.head(0).write_parquet(empty)
    done = apply(network, [empty], tmp_path / "s.csv")
    assert done.notes == (f"{empty} has no events.",)
    assert (tmp_path / "s.csv").read_text() == "score,w,process\n"


def test_scores_never_replace_the_events_they_are_of(network, new, tmp_path):
    _, path = new
    before = path.read_bytes()
    link = tmp_path / "link.parquet"
    link.symlink_to(path)
    for out in (path, link, tmp_path / "." / "new.parquet"):
        with pytest.raises(OptionError, match="none of those that are read"):
            apply(network, [path], out)
    assert path.read_bytes() == before


def test_a_file_given_twice_is_a_note(network, new, tmp_path):
    events, path = new
    done = apply(network, [path, path], tmp_path / "scores.parquet")
    assert done.events == 2 * len(events)
    (note,) = done.notes
    assert note.startswith(f"{path} is given 2 times")


@pytest.mark.parametrize(
    "given",
    [
        ("--shift", "up:pt=pt * 1.1", "--shift", "up: pt=pt * 1.2"),
        ("--alias", "half=pt / 3", "--alias", "half=pt / 4"),
    ],
)
def test_one_column_has_one_expression(workplace, network, new, tmp_path, given):
    command = ("apply", network, new[1], "-o", tmp_path / "scores.csv")
    done = workplace.cms(*command, *given)
    assert isinstance(done.exception, OptionError)
    assert "expected one expression for" in str(done.exception)
    assert workplace.cms(*command, *given[:2], *given[:2]).exit_code == 0


def test_files_without_weights_suit_a_network_of_unit_weights(workplace, tmp_path):
    folder = workplace.path / "bare"
    folder.mkdir()
    for place, (part, kind) in enumerate(
        (p, k) for p in ("train", "val", "test") for k in ("sig", "bkg")
    ):
        rows = table(80, place, kind == "sig").drop("gen")
        rows.write_csv(folder / f"{part}_{kind}.csv", include_header=False)
    options = ("-y", 1, "-c", "x", "-n", "bare", "--epochs", 2, "--bootstrap", 0)
    unit = ("--unit-weights", "--variables", "pt met", "--data", "bare")
    done = workplace.cms("binary", *options, *unit)
    assert done.exit_code == 0, done.output
    trained = workplace.path / "models" / "1_x_bare"
    apply(trained, [folder / "test_sig.csv"], tmp_path / "scores.csv")
    new, own = (
        pl.read_csv(path, has_header=False, new_columns=["score", "weight", "process"])
        for path in (tmp_path / "scores.csv", trained / "test_output.csv")
    )
    np.testing.assert_allclose(new["score"], own["score"][:80], atol=1e-6)
    assert (new["weight"] == 1).all()
    assert (new["process"] == "S").all()


def test_an_exponent_with_d_is_refused_with_its_cure(network, new, tmp_path):
    events, _ = new
    path = tmp_path / "new.csv"
    events.with_columns(met=pl.lit("1D3")).write_csv(path)
    expected = r"new\.csv, line 2: .*a number with E before its exponent, got '1D3'"
    with pytest.raises(DataError, match=expected):
        apply(network, [path], tmp_path / "s.csv")
