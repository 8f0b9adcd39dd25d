import numpy as np
import pytest
import torch

from sortal.networks.flatten import Flatten
from sortal.networks.layer import Held, Pass

RUN = Pass(members=2)


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 4, 5)])
def test_the_order_is_that_of_keras_on_channels_last_data(shape):
    values = torch.randn(2, 6, *shape)
    channels_last = np.moveaxis(values.numpy(), 2, -1)
    result = Flatten().forward(values, Held(), RUN)
    assert np.array_equal(result.numpy(), channels_last.reshape(2, 6, -1))
    assert Flatten().result_shape(shape) == result.shape[2:]


def test_nothing_is_copied_where_channels_are_last_in_memory():
    values = torch.randn(2, 6, 4, 5, 3).movedim(-1, 2)
    assert Flatten().forward(values, Held(), RUN).data_ptr() == values.data_ptr()
