"""Import paths that the manual showed and that are others now: code that uses them goes on.

`import sortal` loads this file, so it imports only what Python itself has loaded by then: a user may
have a typing.py in the working directory.
"""

from importlib import import_module
from importlib.machinery import ModuleSpec

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

FORMER = {
    "sortal.evaluation.binned_significance": "sortal.evaluation.physics.binned",
    "sortal.evaluation.cut_choice": "sortal.evaluation.physics.cut_choice",
    "sortal.evaluation.cut_scan": "sortal.evaluation.physics.cut_scan",
    "sortal.evaluation.selection": "sortal.evaluation.physics.cut_rule",
    "sortal.evaluation.significance": "sortal.evaluation.physics.significance",
    "sortal.evaluation.yields": "sortal.evaluation.physics.yields",
    "sortal.methods.base": "sortal.methods.contract.base",
    "sortal.methods.one_by_one": "sortal.methods.one_at_a_time.one_by_one",
}
"""Former paths of modules, and where their names are now."""


class FormerPaths:
    """Finds and loads modules by their former paths, as `sys.meta_path` asks for."""

    def find_spec(
        self,
        fullname: str,
        path: "Sequence[str] | None" = None,  # noqa: ARG002 (the signature is Python's)
        target: "ModuleType | None" = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """A module under its former path; None for every other path."""
        return ModuleSpec(fullname, self) if fullname in FORMER else None  # type: ignore[arg-type]  # it is a loader by what it does

    def create_module(self, spec: ModuleSpec) -> None:
        """A new module of the former path, so that the module that it stands for stays as it is."""

    def exec_module(self, module: "ModuleType") -> None:
        """Give the module every name of the one that it stands for."""
        found = vars(import_module(FORMER[module.__name__]))
        vars(module).update({name: one for name, one in found.items() if name[:2] != "__"})
