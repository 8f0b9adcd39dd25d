"""All plugins of the folders that a user names: those that can be used, and why the others cannot."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from sortal.errors import NotFound, UserError
from sortal.jobs.user_metrics.load import FOLDER as METRICS
from sortal.methods.contract.base import Method
from sortal.methods.contract.user_methods import Provider
from sortal.plugins.classifiers.classifier import ClassifierPlugin
from sortal.plugins.classifiers.method import method_of
from sortal.plugins.dataset import DatasetPlugin
from sortal.plugins.error_location import ErrorStream, locate_error, shorten_traceback
from sortal.plugins.keras import keras_2020
from sortal.plugins.loading.needed import NeededPlugins
from sortal.plugins.loading.package import KINDS, import_plugin
from sortal.plugins.source_files import claimed_names, imported_packages, source_files
from sortal.views.progress import listed

LOADER = f"{__name__}:methods"
"""What workers provide a plugin's method with."""

_Plugin = TypeVar("_Plugin", DatasetPlugin, ClassifierPlugin)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A plugin that cannot be used."""

    kind: str
    """`classifier` or `data set`."""

    folder: Path
    """Its own."""

    reason: str
    """One sentence: the rule that it breaks and the value found, or what importing it raised."""

    names: frozenset[str]
    """Those by which a job may mean it."""

    traceback: str = ""
    """Of an import that failed."""

    @property
    def sentence(self) -> str:
        """Which one it is, and the reason."""
        return f"the {self.kind} in {self.folder} cannot be used: {self.reason}"

    @property
    def text(self) -> str:
        """All of it, for a terminal."""
        return f"{self.sentence}\n{self.traceback}".rstrip()

    def may_be(self, kind: str, name: str) -> bool:
        """Whether a job that names a plugin of some kind may mean this one."""
        return kind == self.kind and name in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """What the folders of one run hold."""

    folders: tuple[Path, ...]

    datasets: Mapping[str, DatasetPlugin]
    """By name."""

    classifiers: Mapping[str, ClassifierPlugin]
    """By name."""

    broken: tuple[BrokenPlugin, ...] = ()

    notices: tuple[str, ...] = ()
    """What is announced: what reading them forgave, and which shims they need."""

    @property
    def providers(self) -> tuple[Provider, ...]:
        """What `methods.contract.user_methods.providing` takes, so that jobs know all classifiers."""
        return tuple(Provider(LOADER, plugin.folder) for plugin in self.classifiers.values())

    @property
    def unusable(self) -> dict[str, str]:
        """Names of classifiers that cannot be used, with the reason of each."""
        return {
            name: one.sentence
            for one in self.broken
            if one.kind == "classifier"
            for name in one.names - self.classifiers.keys()
        }

    def shadowing(
        self, classifiers: Collection[str], datasets: Collection[str] = ()
    ) -> tuple[str, ...]:
        """A notice for the plugins of each folder that stand before built-in ones of their names.

        Args:
            classifiers: Names of the built-in classifiers.
            datasets: Names of the built-in data sets.
        """
        pairs = (
            (self.classifiers, classifiers, "classifier"),
            (self.datasets, datasets, "data set"),
        )
        found: dict[tuple[str, Path], list[str]] = {}
        for own, known, kind in pairs:
            for name in own:
                if name in known:
                    found.setdefault((kind, own[name].folder.parent), []).append(name)
        return tuple(
            f"the {kind} {names[0]} of {folder} is used in place of the built-in one."
            if len(names) == 1
            else f"the {kind}s {listed(names)} of {folder} are used in place of the built-in ones."
            for (kind, folder), names in found.items()
        )

    def dataset(self, name: str) -> DatasetPlugin:
        """Find a data set.

        Raises:
            NotFound: No usable plugin has that name.
            UserError: The plugin that seems meant cannot be used.
        """
        return self._find("data set", name, self.datasets)

    def classifier(self, name: str) -> ClassifierPlugin:
        """Find a classifier; raises likewise."""
        return self._find("classifier", name, self.classifiers)

    def is_broken(self, kind: str, name: str) -> bool:
        """Whether a plugin that cannot be used may be meant by a name."""
        return any(one.may_be(kind, name) for one in self.broken)

    def _find(self, kind: str, name: str, known: Mapping[str, _Plugin]) -> _Plugin:
        if name in known:
            return known[name]
        for one in self.broken:
            if one.may_be(kind, name):
                raise UserError(f"{kind} {name}: its plugin cannot be used: {one.reason}")
        raise NotFound(kind, name, known)


def load(
    folders: Sequence[Path], named: NeededPlugins | None = None, built_in: Collection[str] = ()
) -> Plugins:
    """Import plugins of some folders; one that fails hides no other.

    What plugins print meanwhile goes to the error stream.

    Args:
        folders: Each holds `datasets/NAME/__init__.py`, `classifiers/NAME/__init__.py` or both.
        named: What a job names: nothing else is imported, unless a name is found in no plugin's
            text. All plugins if not given.
        built_in: Names for which no plugin is needed.

    Raises:
        UserError: A folder is none of plugins, or two plugins of one kind have the same name.
    """
    roots = tuple(dict.fromkeys(check_folder(folder) for folder in folders))
    every = [folder for root in roots for folder in _plugins(root)]
    loading = _Loading()
    for folder in every if named is None else named.chosen(every):
        loading.take(folder)
    if named is not None:
        for kind in _missing_kinds(named, loading, built_in):
            for folder in every:
                if folder.parent.name == kind and folder not in loading.tried:
                    loading.take(folder)
    return loading.done(roots)


def _missing_kinds(
    named: NeededPlugins, loading: "_Loading", built_in: Collection[str]
) -> list[str]:
    """Kinds of which a name is still unknown: only running the other plugins can show who has it."""
    return [
        kind
        for kind, known in (("datasets", loading.datasets), ("classifiers", loading.classifiers))
        if named.left(
            kind, {*known, *built_in, *(name for one in loading.broken for name in one.names)}
        )
    ]


@dataclass(slots=True)
class _Loading:
    """Plugins as far as they are imported."""

    datasets: dict[str, DatasetPlugin] = field(default_factory=dict)
    classifiers: dict[str, ClassifierPlugin] = field(default_factory=dict)
    broken: list[BrokenPlugin] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    tried: set[Path] = field(default_factory=set)
    on_keras: dict[str, None] = field(default_factory=dict)
    """Names of plugins that import Keras."""

    def take(self, folder: Path) -> None:
        """Import one.

        Raises:
            UserError: Another plugin of its kind has its name.
        """
        self.tried.add(folder)
        plugin: DatasetPlugin | ClassifierPlugin | BrokenPlugin
        if folder.parent.name == "datasets":
            plugin = _tried("data set", folder, lambda one: DatasetPlugin.of(*_imported(one)))
            if isinstance(plugin, DatasetPlugin):
                _add(self.datasets, plugin, "data set")
        else:
            plugin = _tried("classifier", folder, _classifier)
            if isinstance(plugin, ClassifierPlugin):
                _add(self.classifiers, plugin, "classifier")
                self.notices += plugin.declaration.notices
        if isinstance(plugin, BrokenPlugin):
            self.broken.append(plugin)
        elif _imports_keras(plugin):
            self.on_keras[plugin.name] = None

    def done(self, roots: tuple[Path, ...]) -> Plugins:
        """What was found."""
        return Plugins(
            folders=roots,
            datasets=self.datasets,
            classifiers=self.classifiers,
            broken=tuple(self.broken),
            notices=(*self.notices, *_shims(list(self.on_keras))),
        )


def methods(folder: Path) -> tuple[Method, ...]:
    """The method of one classifier's plugin: what a worker provides.

    Args:
        folder: The plugin's own, `.../classifiers/NAME`.

    Raises:
        UserError: It cannot be used any more.
    """
    plugin = _tried("classifier", folder, _classifier)
    if isinstance(plugin, BrokenPlugin):
        raise UserError(f"{folder}: {plugin.reason}")
    return (method_of(plugin),)


def check_folder(folder: Path) -> Path:
    """The folder, resolved, if it is one of plugins.

    Raises:
        UserError: It is none.
    """
    if holds_plugins(folder):
        return folder.resolve()
    if not folder.is_dir():
        raise UserError(f"plugins: expected a folder, got {folder}, which is none.")
    inner = next((one for one in (folder / "modules", folder.parent) if holds_plugins(one)), None)
    hint = f" Did you mean {inner}?" if inner else ""
    raise UserError(
        f"plugins: expected a folder with datasets/, classifiers/ or metrics/ in it, got {folder}."
        f"{hint}"
    )


def holds_plugins(folder: Path) -> bool:
    """Whether a folder has the page's layout, or metrics."""
    return any((folder / kind).is_dir() for kind in (*KINDS, METRICS))


def _plugins(root: Path) -> Iterator[Path]:
    """Folders of plugins, data sets first, each kind by name."""
    for kind in KINDS:
        if (root / kind).is_dir():
            yield from sorted(one.parent for one in (root / kind).glob("*/__init__.py"))


def _tried(kind: str, folder: Path, make: Callable[[Path], _Plugin]) -> _Plugin | BrokenPlugin:
    try:
        with redirect_stdout(ErrorStream()):
            return make(folder)
    except UserError as error:
        return BrokenPlugin(
            kind=kind, folder=folder, reason=str(error), names=claimed_names(folder)
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises is told
        return BrokenPlugin(
            kind=kind,
            folder=folder,
            reason=f"importing it {locate_error(error, folder)}.",
            names=claimed_names(folder),
            traceback=shorten_traceback(error),
        )


def _classifier(folder: Path) -> ClassifierPlugin:
    plugin = ClassifierPlugin.of(*_imported(folder))
    method_of(plugin)  # tells of parameters that cannot be a method's
    return plugin


def _imported(folder: Path) -> tuple[ModuleType, Path, str]:
    module, digest = import_plugin(folder)
    return module, folder, digest


def _add(known: dict[str, _Plugin], plugin: _Plugin, kind: str) -> None:
    other = known.setdefault(plugin.name, plugin)
    if other is not plugin:
        raise UserError(
            f"{kind} {plugin.name}: expected one plugin of this name, got two, in {other.folder} "
            f"and {plugin.folder}."
        )


def _imports_keras(plugin: DatasetPlugin | ClassifierPlugin) -> bool:
    return "keras" in imported_packages(source_files(plugin.folder.parents[1], plugin.folder))


def _shims(names: Sequence[str]) -> Iterator[str]:
    if names:
        verbs = ("imports", "runs") if len(names) == 1 else ("import", "run")
        who = "it" if len(names) == 1 else "they"
        yield f"{listed(names)} {verbs[0]} Keras: {who} {verbs[1]} {keras_2020.NOTICE}."
