import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_second_demo_finds_its_forty_classifiers_stored(tmp_path):
    def demo() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sortal", "demo"],
            cwd=tmp_path, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True,
            check=True, timeout=280,
        )  # fmt: skip

    first = demo()
    assert "50 members, 0 found in the store" in first.stderr
    assert "50 trained, 0 found in the store, 0 failed" in first.stderr
    for title in ("optimal", "naive", "svm C=10", "xgboost n_estimators=80", "mlp 64x64 lr=0.001"):
        assert title in first.stdout
    assert "statistically tied" in first.stdout
    for name in ("ranking", "confusion"):
        file = tmp_path / "sortal-results" / "digits-demo" / f"{name}.png"
        assert file.stat().st_size > 10_000
    onwards = first.stdout.partition("Next:\n")[2].strip().splitlines()
    assert [line.split()[1] for line in onwards] == ["show", "predict", "check"]
    second = demo()
    assert "nothing to compute: all 50 results" in second.stdout
    assert (tmp_path / "digits-demo.yaml").exists()
