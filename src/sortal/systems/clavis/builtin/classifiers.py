"""The table of built-in classifiers by the names that configurations use (`method`)."""

from collections.abc import Mapping
from types import MappingProxyType

from sortal.errors import NotFound
from sortal.systems.clavis.builtin import images, keras_perceptron, plain, texts
from sortal.systems.clavis.builtin.translation import BuiltIn

BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType(
    {
        one.declaration.name: one
        for one in (
            *plain.CLASSIFIERS,
            *keras_perceptron.CLASSIFIERS,
            *images.CLASSIFIERS,
            *texts.CLASSIFIERS,
        )
    }
)


def find(name: str) -> BuiltIn:
    """The built-in classifier of that name.

    Raises:
        NotFound: There is none; plugins are not looked for here.
    """
    if name not in BUILT_IN:
        raise NotFound("classifier", name, BUILT_IN)
    return BUILT_IN[name]
