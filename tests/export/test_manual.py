"""The manual's page on export does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from sortal.export.formats import Format

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


def test_the_python_blocks_of_the_page_run_in_order(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-W", "ignore", "page.py"],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )


def test_every_format_and_its_endings_are_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for form in Format:
        endings = ", ".join(f"`{one}`" for one in form.suffixes)
        assert f"| `{form}` | {endings} |" in text
