"""What PyTorch's schedulers make of a learning rate of 1."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import LRScheduler


@pytest.fixture
def by_torch() -> Callable[..., np.ndarray]:
    """Learning rate of each update under a scheduler that is stepped after every so many."""

    def by_torch(
        build: Callable[[torch.optim.Optimizer], LRScheduler], updates: int, *, every: int = 1
    ) -> np.ndarray:
        parameter = torch.zeros(1, requires_grad=True)
        optimiser = torch.optim.SGD([parameter], lr=1.0)
        scheduler = build(optimiser)
        rates = []
        for update in range(updates):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            if (update + 1) % every == 0 and update + 1 < updates:
                scheduler.step()
        return np.array(rates)

    return by_torch
