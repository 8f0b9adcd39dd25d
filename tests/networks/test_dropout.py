import torch

from sortal.networks.dropout import dropout_masks
from sortal.networks.stream import stream


def test_masks_drop_each_members_share_and_keep_the_mean():
    kept = torch.tensor([[1.0], [0.8], [0.25]])
    generators = [stream(seed, "dropout") for seed in range(3)]
    (mask,) = dropout_masks(generators, kept, 200, [50])
    assert mask.shape == (3, 200, 50)
    assert torch.equal(mask[0], torch.ones(200, 50))
    for row, share in ((1, 0.8), (2, 0.25)):
        assert set(mask[row].unique().tolist()) == {0.0, torch.tensor(1 / share).item()}
        assert abs((mask[row] > 0).float().mean().item() - share) < 0.02


def test_a_members_masks_do_not_depend_on_its_neighbours():
    kept = torch.tensor([[0.5], [0.7]])
    together = dropout_masks([stream(seed) for seed in (4, 9)], kept, 6, [3, 2])
    alone = dropout_masks([stream(9)], kept[1:], 6, [3, 2])
    for one, other in zip(together, alone, strict=True):
        assert torch.equal(one[1], other[0])
