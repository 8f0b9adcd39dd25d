"""A plain PyTorch loop, one member after another: data in memory, minibatches by index."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from peers.task import FEATURES, HIDDEN, LEARNING_RATE, Fitted, Rows, Table, Work
from side_by_side import THREADS


def load(table: Table) -> Table:
    torch.set_num_threads(THREADS)
    return table


def train(data: Table, work: Work) -> Fitted:
    pairs = [train_one(data.train, work, seed) for seed in work.seeds]
    networks, updates = zip(*pairs, strict=True)

    @torch.no_grad()
    def score() -> np.ndarray:
        features = torch.from_numpy(data.validation.features)
        return np.stack([network(features).sigmoid()[:, 0].numpy() for network in networks])

    return Fitted(max(updates), score)


def train_one(rows: Rows, work: Work, seed: int) -> tuple[nn.Module, int]:
    """Train one network; also tell how many updates its optimiser has made."""
    torch.manual_seed(seed)
    network = glorot_network()
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    features, truth, weights = map(torch.from_numpy, (rows.features, rows.truth, rows.weights))
    for _ in range(work.epochs):
        for batch in torch.randperm(len(rows)).split(work.batch_size):
            optimiser.zero_grad()
            logits = network(features[batch])[:, 0]
            loss = binary_cross_entropy_with_logits(logits, truth[batch], weights[batch])
            loss.backward()
            optimiser.step()
    return network, int(next(iter(optimiser.state.values()))["step"])


def glorot_network() -> nn.Sequential:
    """Draw a network from torch's global stream; biases are zero."""
    sizes = (FEATURES, *HIDDEN, 1)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
