"""One thread: the tensors are tiny."""

from collections.abc import Iterator

import pytest

from sortal.networks.threads import torch_threads


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    with torch_threads(1):
        yield
