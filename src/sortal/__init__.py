"""Train, compare, inspect and apply populations of classifiers on scientific data.

The names below are the public ones; each is loaded when it is first asked for, so that
`import sortal` itself is instant.
"""

import sys
from importlib import import_module

from sortal.former_paths import FormerPaths

# Not that of `typing`: `python -m sortal` imports this file while the working directory, where the
# user may have a typing.py, is still the first place to look.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from sortal.api.catalogue import list_datasets, list_methods, list_parameters
    from sortal.api.estimators import estimator
    from sortal.api.notebook import Results, check, ensemble, import_predictions, load, run
    from sortal.errors import Interrupted, SortalError, UserError
    from sortal.job.models import Job
    from sortal.job.problems import JobError
    from sortal.jobs.results.result import Result
    from sortal.metrics.user_metric import metric
    from sortal.store.store import Store

    __version__: str

__all__ = [
    "Interrupted",
    "Job",
    "JobError",
    "Result",
    "Results",
    "SortalError",
    "Store",
    "UserError",
    "check",
    "ensemble",
    "estimator",
    "import_predictions",
    "list_datasets",
    "list_methods",
    "list_parameters",
    "load",
    "metric",
    "run",
]

_PLACES = {
    "Interrupted": "errors",
    "Job": "job.models",
    "JobError": "job.problems",
    "Result": "jobs.results.result",
    "Results": "api.notebook",
    "SortalError": "errors",
    "Store": "store.store",
    "UserError": "errors",
    "check": "api.notebook",
    "ensemble": "api.notebook",
    "estimator": "api.estimators",
    "import_predictions": "api.notebook",
    "list_datasets": "api.catalogue",
    "list_methods": "api.catalogue",
    "list_parameters": "api.catalogue",
    "load": "api.notebook",
    "metric": "metrics.user_metric",
    "run": "api.notebook",
}


sys.meta_path.append(FormerPaths())


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("sortal")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
