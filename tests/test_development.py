"""What the page on development says to add is added by doing what it says."""

import json

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
