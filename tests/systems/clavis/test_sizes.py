"""Jobs of the sizes that ClaVis ships run, and run again without computing anything."""

import importlib.util
import json
from pathlib import Path

import pytest

from sortal.systems.clavis.batch.jobfile import read_batch_job

SCRIPT = Path(__file__).parents[3] / "benchmarks/clavis_jobs.py"


@pytest.fixture(scope="module")
def sizes():
    """The benchmark that writes these jobs."""
    spec = importlib.util.spec_from_file_location("clavis_jobs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "digits_cv", "iris2000"])
def test_jobs_have_the_sizes_of_the_original(sizes, tmp_path, name):
    content, count = sizes.jobs()[name]
    path = tmp_path / "job.json"
    path.write_text(json.dumps(content))
    assert len(read_batch_job(path).classifiers) == count


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iris", "breast_cancer", "digits_cv", "iris2000"])
def test_jobs_of_these_sizes_run_and_are_not_computed_twice(sizes, tmp_path, name):
    count = sizes.write(tmp_path, name)
    _, _, told = sizes.run(tmp_path, name)
    summary = [line for line in told.splitlines() if line.startswith(name)][-1]
    assert summary.split()[2:5] == [str(count), "1", "0"]
    _, used, told = sizes.run(tmp_path, name)
    assert f"{count} of them in the store" in told
    assert used < 10
