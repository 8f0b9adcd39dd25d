"""Decision trees of scikit-learn as plain arrays, and back, with nothing pickled."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sortal.errors import Damaged

_LEAF = -1


def pack_trees(trees: Sequence[Any]) -> dict[str, np.ndarray]:
    """Lay the node arrays of trees end to end.

    Args:
        trees: `tree_` of fitted trees of one ensemble, at least one.
    """
    states = [tree.__getstate__() for tree in trees]
    counts = [state["node_count"] for state in states]
    return {
        "nodes": np.concatenate([state["nodes"] for state in states]),
        "values": np.concatenate([state["values"] for state in states]),
        "offsets": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "depths": np.array([state["max_depth"] for state in states], dtype=np.int64),
    }


def unpack_trees(
    arrays: Mapping[str, np.ndarray], features: int, classes: Sequence[int]
) -> list[Any]:
    """Build trees that predict as those packed did.

    Args:
        arrays: What `pack_trees` gave.
        features: Numbers in one example.
        classes: Classes of each output.

    Raises:
        Damaged: A node points outside its tree, to an ancestor, or to a feature that is not there.
    """
    from sklearn.tree._tree import Tree

    nodes, values = arrays["nodes"], arrays["values"]
    offsets, depths = arrays["offsets"], arrays["depths"]
    check_offsets(offsets, len(nodes))
    if values.shape != (len(nodes), len(classes), max(classes)) or len(depths) != len(offsets) - 1:
        raise Damaged("stored trees: nodes, values and classes do not fit together.")
    left, right = nodes["left_child"], nodes["right_child"]
    leaf = left == _LEAF
    if (leaf != (right == _LEAF)).any():
        raise Damaged("stored trees: a node has one child.")
    check_nodes(offsets, leaf, (left, right), nodes["feature"], features)
    trees = []
    for depth, start, end in zip(depths, offsets[:-1], offsets[1:], strict=True):
        tree = Tree(features, np.array(classes, dtype=np.intp), len(classes))
        # Tree keeps references to what it is given, so each gets arrays of its own.
        tree.__setstate__(
            {
                "max_depth": int(depth),
                "node_count": int(end - start),
                "nodes": nodes[start:end].copy(),
                "values": np.ascontiguousarray(values[start:end], dtype=np.float64).copy(),
            }
        )
        trees.append(tree)
    return trees


def check_offsets(offsets: np.ndarray, nodes: int) -> None:
    """Refuse offsets that do not cut `nodes` nodes into trees of at least one node."""
    sound = (
        offsets.ndim == 1
        and len(offsets) > 1
        and offsets[0] == 0
        and offsets[-1] == nodes
        and bool((np.diff(offsets) > 0).all())
    )
    if not sound:
        raise Damaged("stored trees: their bounds do not fit their nodes.")


def check_nodes(
    offsets: np.ndarray,
    leaf: np.ndarray,
    children: tuple[np.ndarray, np.ndarray],
    feature: np.ndarray,
    features: int,
) -> None:
    """Refuse inner nodes whose children or feature would lead outside, or round in a circle.

    Children lie behind their parent in every tree that scikit-learn grows.
    """
    sizes = np.diff(offsets)
    place = np.arange(len(leaf)) - np.repeat(offsets[:-1], sizes)
    size = np.repeat(sizes, sizes)
    inner = ~leaf
    for child in children:
        target = child.astype(np.int64)
        if ((target <= place) | (target >= size))[inner].any():
            raise Damaged("stored trees: a node points outside its tree.")
    used = feature[inner]
    if len(used) and (used.min() < 0 or used.max() >= features):
        raise Damaged(f"stored trees: a node asks for a feature beyond the {features} there are.")
