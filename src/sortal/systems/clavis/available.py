"""What a run can use: data sets and classifiers of plugins' folders, and behind them the built-in ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sortal.errors import NotFound
from sortal.methods.contract.user_methods import Provider
from sortal.plugins.classifiers.classifier import ClassifierPlugin
from sortal.plugins.given_data import GivenData
from sortal.plugins.loading.folders import find_folders
from sortal.plugins.loading.load import Plugins, load
from sortal.plugins.loading.needed import NeededPlugins
from sortal.systems.clavis.builtin import classifiers as built_in_classifiers
from sortal.systems.clavis.builtin import datasets as built_in_datasets
from sortal.systems.clavis.builtin.translation import BuiltIn

_NONE = Plugins(folders=(), datasets={}, classifiers={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """Data sets and classifiers by name; those of a user's plugins stand before built-in ones."""

    plugins: Plugins = _NONE

    downloads: Path | None = None
    """Folder of downloaded data sets, None for the one that the environment names."""

    notices: tuple[str, ...] = field(default=())
    """What is told of the plugins that were loaded, and of those that could not be."""

    def source(self, name: str) -> GivenData:
        """Read a data set.

        Raises:
            NotFound: There is none of that name.
            DataError: Its plugin failed, its data breaks a rule, or its file is missing.
        """
        if name in self.plugins.datasets or self.plugins.is_broken("data set", name):
            return self.plugins.dataset(name).read()
        if name not in built_in_datasets.BUILT_IN:
            raise NotFound("data set", name, [*self.plugins.datasets, *built_in_datasets.BUILT_IN])
        return built_in_datasets.find(name).read(self.downloads)

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Names of a data set's classes, without reading it; None if it is not known."""
        if name in self.plugins.datasets:
            return self.plugins.datasets[name].class_names
        built_in = built_in_datasets.BUILT_IN.get(name)
        return built_in.class_names if built_in else None

    def classifier(self, name: str) -> BuiltIn | ClassifierPlugin:
        """Find a classifier.

        Raises:
            NotFound: There is none of that name.
            UserError: The plugin that seems meant cannot be used.
        """
        if name in self.plugins.classifiers or self.plugins.is_broken("classifier", name):
            return self.plugins.classifier(name)
        if name not in built_in_classifiers.BUILT_IN:
            known = [*self.plugins.classifiers, *built_in_classifiers.BUILT_IN]
            raise NotFound("classifier", name, known)
        return built_in_classifiers.find(name)

    def providers(self, names: Sequence[str]) -> tuple[Provider, ...]:
        """Where the plugins' classifiers among some names come from."""
        used = {self.plugins.classifiers[one].folder for one in names if self._is_plugin(one)}
        return tuple(one for one in self.plugins.providers if one.folder in used)

    def _is_plugin(self, name: str) -> bool:
        return name in self.plugins.classifiers


def find_available(
    named: Sequence[Path] = (),
    *,
    announce: Callable[[str], None],
    job: Path | None = None,
    downloads: Path | None = None,
    wanted: NeededPlugins | None = None,
) -> Available:
    """Load the plugins of the folders that a user names, or of the page's `modules/` nearby.

    Args:
        named: Folders of `--plugins`.
        announce: Told which folder that nobody named is used, before anything of it runs.
        job: The job file, beside which `modules/` may be.
        downloads: Folder of downloaded data sets.
        wanted: What a job names, so that nothing else is loaded; everything if not given.

    Raises:
        UserError: A folder is none of plugins, or two plugins have one name.
    """
    found = find_folders(named, job)
    for notice in found.notices:
        announce(notice)
    built_in = {*built_in_classifiers.BUILT_IN, *built_in_datasets.BUILT_IN}
    plugins = load(found.folders, wanted, built_in)
    return Available(plugins=plugins, downloads=downloads, notices=tuple(_notices(plugins)))


def _notices(plugins: Plugins) -> Iterator[str]:
    yield from plugins.notices
    yield from plugins.shadowing(built_in_classifiers.BUILT_IN, built_in_datasets.BUILT_IN)
    yield from (broken.text for broken in plugins.broken)
