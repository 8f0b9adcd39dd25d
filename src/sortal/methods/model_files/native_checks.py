"""Refuse stored estimators whose native parts would read outside their arrays.

scikit-learn's trees and support vector machines follow stored indices in C without looking
at them; a file that was changed by hand must not get that far.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sortal.errors import Damaged
from sortal.methods.model_files.tree_arrays import check_nodes

_LEAF = -1


def check_native(estimator: Any) -> None:
    """Look through an estimator and everything inside it.

    Raises:
        Damaged: A tree or a support vector machine does not hold together.
    """
    for owner in _owners(estimator, set()):
        if hasattr(owner, "tree_"):
            _check_tree(owner)
        if hasattr(owner, "_n_support"):
            _check_machine(owner)


def _owners(thing: Any, visited: set[int]) -> Iterator[Any]:
    """Objects with attributes, however deep in lists, maps and arrays of objects."""
    if id(thing) in visited:
        return
    visited.add(id(thing))
    inside: list[Any] = []
    if isinstance(thing, dict):
        inside = list(thing.values())
    elif isinstance(thing, (list, tuple, set)):
        inside = list(thing)
    elif isinstance(thing, np.ndarray):
        inside = list(thing.flat) if thing.dtype == object else []
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        yield thing
        inside = list(vars(thing).values())
    for part in inside:
        yield from _owners(part, visited)


def _check_tree(owner: Any) -> None:
    tree = owner.tree_
    nodes = tree.__getstate__()["nodes"]
    left, right = nodes["left_child"], nodes["right_child"]
    leaf = left == _LEAF
    if len(nodes) == 0 or tree.n_features != owner.n_features_in_ or (leaf != (right == -1)).any():
        raise Damaged("stored tree: its nodes do not fit together.")
    offsets = np.array([0, len(nodes)], dtype=np.int64)
    check_nodes(offsets, leaf, (left, right), nodes["feature"], owner.n_features_in_)


def _check_machine(owner: Any) -> None:
    support, vectors, counts = owner.support_, owner.support_vectors_, owner._n_support
    classes = len(owner.classes_)
    sound = (
        np.ndim(vectors) == 2
        and len(counts) == classes
        and min(counts) >= 0
        and sum(map(int, counts)) == len(vectors) == len(support)
        and owner._dual_coef_.shape == (classes - 1, len(vectors))
        and owner.dual_coef_.shape == owner._dual_coef_.shape
        and len(owner._intercept_) == len(owner.intercept_) == classes * (classes - 1) // 2
        and owner.shape_fit_[1] == owner.n_features_in_ == vectors.shape[1]
    )
    if not sound:
        raise Damaged("stored support vectors: their arrays do not fit together.")
