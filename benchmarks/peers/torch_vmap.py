"""Members stacked by torch.func and stepped by vmap: all at once, on shared minibatches."""

import numpy as np
import torch
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.functional import binary_cross_entropy_with_logits

from peers.task import LEARNING_RATE, Fitted, Table, Work
from peers.torch_loop import glorot_network
from side_by_side import THREADS


def load(table: Table) -> Table:
    torch.set_num_threads(THREADS)
    return table


def train(data: Table, work: Work) -> Fitted:
    networks = []
    for seed in work.seeds:
        torch.manual_seed(seed)
        networks.append(glorot_network())
    stacked, _ = stack_module_state(networks)
    network = networks[0].to("meta")

    def logits(parameters, features):
        return functional_call(network, parameters, (features,))[:, 0]

    def loss(parameters, features, truth, weights):
        return binary_cross_entropy_with_logits(logits(parameters, features), truth, weights)

    slopes = vmap(grad(loss), in_dims=(0, None, None, None))
    # Adam works number by number, so that one over stacked parameters is one for each member.
    optimiser = torch.optim.Adam(stacked.values(), lr=LEARNING_RATE)
    rows = data.train
    arrays = [torch.from_numpy(array) for array in (rows.features, rows.truth, rows.weights)]
    for _ in range(work.epochs):
        for batch in torch.randperm(len(rows)).split(work.batch_size):
            found = slopes(
                {name: value.detach() for name, value in stacked.items()},
                *(array[batch] for array in arrays),
            )
            for name, value in stacked.items():
                value.grad = found[name]
            optimiser.step()

    @torch.no_grad()
    def score() -> np.ndarray:
        features = torch.from_numpy(data.validation.features)
        return vmap(logits, in_dims=(0, None))(stacked, features).sigmoid().numpy()

    return Fitted(int(next(iter(optimiser.state.values()))["step"]), score)
