"""Lay out the examples of a dataset for training: in memory, or in blocks where they are large."""

from collections.abc import Sequence

import numpy as np
import torch

from sortal.data.labels import Outputs
from sortal.data.prepared import Prepared
from sortal.data.split import Part
from sortal.training.examples.examples import Examples, ExampleSource
from sortal.training.examples.holdout import TENTH, hold_out
from sortal.training.examples.part_rows import PartRows
from sortal.training.examples.streamed import StreamedExamples, write_prepared
from sortal.training.examples.targets import TargetSpec, TargetWeights


def gather(
    data: Prepared,
    lessons: Sequence[TargetSpec],
    *,
    validated: bool,
    held_out: float = TENTH,
    precision: torch.dtype,
    device: torch.device,
) -> tuple[ExampleSource, ExampleSource | None]:
    """Lay out training and validation examples.

    Features of large data (`Prepared.is_large`) are prepared block by block into a file, and
    read from there in every epoch; the results are the same.

    Args:
        data: Prepared examples.
        lessons: Truths that members learn; all have the same number of outputs.
        validated: Whether a validation loss is needed: without a validation part, some of
            the training examples then serve for it (`holdout.hold_out`).
        held_out: Share of the training examples that do.
        precision: Type of features and weights.
        device: Where the tensors live.

    Returns:
        Validation examples are None where there are none. Weights are scaled so that their
        absolute values average 1 over the training examples: a sum of losses over rows
        divided by the number of rows is then the weighted mean, also when it is taken
        minibatch by minibatch.

    Raises:
        DataError: The rule of training weights cannot be applied to these examples.
    """
    train = PartRows.of(data, Part.TRAIN)
    validation = PartRows.of(data, Part.VALIDATION) if len(data.split.validation) else None
    if validation is None and validated:
        held = hold_out(data, held_out)
        train, validation = train.take(~held), (train.take(held) if held.any() else None)
    labels, weights = train.labels, train.weights
    taught = [TargetWeights.fit(labels, weights, lesson, data.target) for lesson in lessons]
    seen = _source(train, taught, precision, device)
    if validation is None:
        return seen, None
    return seen, _source(validation, taught, precision, device)


def _source(
    rows: PartRows, taught: Sequence[TargetWeights], precision: torch.dtype, device: torch.device
) -> ExampleSource:
    labels, given = rows.labels, rows.weights
    truths, weights = zip(*(one.apply(labels, given) for one in taught), strict=True)
    offsets = np.stack([one.offsets for one in taught])
    exclusive = labels.outputs is Outputs.EXCLUSIVE
    answers = (
        torch.tensor(
            np.stack(truths), dtype=torch.int64 if exclusive else precision, device=device
        ),
        torch.tensor(np.stack(weights), dtype=precision, device=device),
        torch.tensor(offsets, dtype=precision, device=device) if offsets.any() else None,
    )
    dtype = np.dtype(str(precision).removeprefix("torch."))
    if rows.data.is_large:
        return StreamedExamples(write_prepared(rows, dtype), *answers)
    features = torch.from_numpy(rows.read(np.arange(len(rows)), dtype))
    return Examples(features.to(device), *answers)
