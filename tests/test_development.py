"""What the page on development says to add is added by doing what it says."""

import json
import math
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent / "docs" / "development.md").read_text(encoding="utf-8")
JOB = {
    "title": "flowers",
    "data": {"source": "iris"},
    "classifiers": [{"method": "naive"}],
    "bootstrap": 0,
}
NOTE = "after the new calibration"
IN_PYTHON = f"""
import sortal
sortal.run("job.json", store="store", note={NOTE!r})
"""

UPDATES = """
import torch
from sortal.training.optimisers.build import build_optimiser
from sortal.training.optimisers.choice import MemberRates
from sortal.training.optimisers.rates import Rates
parameters = torch.full((1, 2), 0.5)
rates = Rates.of([MemberRates(learning_rate=0.25, beta1=0.9, beta2=0.99)], parameters)
build_optimiser("lion", parameters).step(parameters, torch.tensor([[-3.0, 0.01]]), rates)
print(parameters[0].tolist())
"""

COMPRESSED = """
import json
import torch
from sortal.networks.layer import Pass
from sortal.networks.network import Network
layers = [{"kind": "signed_log"}, {"kind": "dense", "units": 1}]
stored = Network(shape=(2,), layers=layers).model_dump_json()
network = Network.model_validate_json(stored)
state, gradient = torch.ones(1, network.size), torch.zeros(1, network.size)
held, run = network.held(state), Pass(members=1, training=True)
result, memory = network.record(torch.tensor([[1.0, -3.0]]), held, run)
network.backward(torch.ones_like(result), memory, held, network.slot_views(gradient))
print(json.dumps([stored, result.item(), sorted(gradient.exp()[0].tolist())]))
"""


def _run(source, job, folder):
    """Run a job with the edited source."""
    (folder / "job.json").write_text(json.dumps(job))
    return source.python(*("-m", "sortal", "run", "job.json", "--store", "store"), cwd=folder)


def test_a_method_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A method")
    assert 0 < len(source.edited) <= 2
    assert all(name.startswith("src/sortal/") for name in source.edited)

    classifiers = [{"method": "nearestcentre", "parameters": {"shrink_threshold": 0.1}}]
    ran = _run(source, JOB | {"classifiers": classifiers}, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "nearestcentre" in ran.stdout

    section = PAGE.partition("## A method\n")[2]
    (checks,) = re.findall(
        r"```\{code-block\} python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL
    )
    checked = source.python("-c", checks, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_a_layer_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A layer")
    assert 0 < len(source.edited) <= 2
    assert all(name.startswith("src/sortal/") for name in source.edited)

    ran = source.python("-c", COMPRESSED, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    stored, result, exponentials = json.loads(ran.stdout)
    assert '"kind":"signed_log"' in stored
    assert result == pytest.approx(1 + math.log(2) - math.log(4))
    assert exponentials == pytest.approx([1 / 4, 2, math.e])


def test_a_reader_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A reader of files")
    assert 0 < len(source.edited) <= 2
    assert all(name.startswith("src/sortal/") for name in source.edited)

    lines = [json.dumps({"length": n % 7 + 0.5, "kind": "ab"[n % 7 > 3]}) for n in range(200)]
    file = tmp_path / "flowers.jsonl"
    file.write_text("\n".join(lines))
    data = {"source": "flowers.jsonl", "label": "kind"}
    job = JOB | {"data": data, "classifiers": [{"method": "decisiontree"}]}
    ran = _run(source, job, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "1.000" in ran.stdout

    file.write_text("\n".join(lines)[:-5])
    cut_short = _run(source, job, tmp_path)
    assert cut_short.returncode == 2
    assert "flowers.jsonl: not a readable JSON lines file" in cut_short.stderr


def test_an_optimiser_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "An optimiser")
    assert 0 < len(source.edited) <= 2
    assert all(name.startswith("src/sortal/") for name in source.edited)

    network = {"hidden_layer_sizes": [8], "optimiser": "lion", "epochs": 3}
    ran = _run(source, JOB | {"classifiers": [{"method": "mlp", "parameters": network}]}, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "mlp" in ran.stdout

    updated = source.python("-c", UPDATES, cwd=tmp_path)
    assert updated.returncode == 0, updated.stderr
    assert json.loads(updated.stdout) == [0.75, 0.25]


def test_a_plot_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A plot")
    assert 0 < len(source.edited) <= 3
    assert all(name.startswith("src/sortal/") for name in source.edited)

    ran = _run(source, JOB | {"classifiers": [{"method": "gaussiannb"}]}, tmp_path)
    assert ran.returncode == 0, ran.stderr
    picture = tmp_path / "sortal-results" / "flowers" / "recalls.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_option_of_a_run_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "An option of `sortal run`")
    assert 0 < len(source.edited) <= 3
    assert all(name.startswith("src/sortal/") for name in source.edited)

    helped = source.python("-m", "sortal", "run", "--help", cwd=tmp_path)
    assert "--note <str>" in helped.stdout
    assert "Sentence that is printed when the job begins" in helped.stdout

    (tmp_path / "job.json").write_text(json.dumps(JOB))
    ran = source.python(
        *("-m", "sortal", "run", "job.json", "--store", "store", "--quiet", "--note", NOTE),
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"note: {NOTE}" in ran.stderr
    called = source.python("-c", IN_PYTHON, cwd=tmp_path)
    assert called.returncode == 0, called.stderr
    lines = (tmp_path / "store" / "logs" / "flowers.jsonl").read_text().splitlines()
    assert [json.loads(line).get("text") for line in lines].count(NOTE) == 2


def test_a_command_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A command")
    assert 0 < len(source.edited) <= 2
    assert all(name.startswith("src/sortal/cli/") for name in source.edited)

    classifiers = [{"method": "naive"}, {"method": "gaussiannb"}]
    ran = _run(source, JOB | {"classifiers": classifiers}, tmp_path)
    assert ran.returncode == 0, ran.stderr
    called = source.python(
        *("-m", "sortal", "titles", "flowers", "--store", "store", "--top", "1"), cwd=tmp_path
    )
    assert called.stdout == "gaussiannb\n", called.stderr
    helped = source.python("-m", "sortal", "--help", cwd=tmp_path)
    assert "Print the titles of a job's classifiers." in helped.stdout


def test_a_system_is_added_as_the_page_says(edited_source, tmp_path):
    source = edited_source("development.md", "A system")
    own = {name for name in source.edited if name.startswith("src/sortal/systems/stars/")}
    assert source.edited - own == {"src/sortal/systems/registry.py"}

    written = source.python("-m", "sortal", "example", "stars", "night", cwd=tmp_path)
    assert "sortal stars count stars.txt" in written.stdout, written.stderr
    counted = source.python("-m", "sortal", "stars", "count", "night/stars.txt", cwd=tmp_path)
    assert counted.stdout == "2 stars\n", counted.stderr
    helped = source.python("-m", "sortal", "--help", cwd=tmp_path)
    assert "stars     Variable stars by their light curves." in helped.stdout
