"""Which format a path asks for."""

from pathlib import Path

import pytest

from sortal.errors import OptionError
from sortal.export.formats import Format, format_of


@pytest.mark.parametrize("form", Format)
def test_every_ending_of_a_format_is_accepted_for_it(form):
    for suffix in form.suffixes:
        assert format_of(Path(f"net{suffix.upper()}"), form) is form


def test_the_ending_tells_the_format():
    for form in set(Format) - {Format.H5_WEIGHTS}:
        assert format_of(Path(f"net{form.suffixes[0]}")) is form
    assert format_of(Path("net.h5")) is Format.H5


def test_an_unknown_ending_is_refused_with_the_known_ones():
    with pytest.raises(OptionError, match=r"\.onnx.*\.weights\.h5"):
        format_of(Path("net.pt"))


@pytest.mark.parametrize("form", [Format.H5, Format.H5_WEIGHTS])
def test_an_ending_of_another_format_of_keras_is_refused(form):
    with pytest.raises(OptionError, match=r"not in \.weights\.h5"):
        format_of(Path("net.weights.h5"), form)


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(OptionError, match="safetensors, onnx, keras"):
        format_of(Path("net.pt"), "torch")
