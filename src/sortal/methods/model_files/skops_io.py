"""Load skops, which stores scikit-learn's estimators, without what it does not need."""

import sys
from typing import Any


def load_skops() -> Any:
    """Import `skops.io`.

    It looks through all of scikit-learn once, and there trips over an adapter that imports
    torch: two seconds and 200 MB in every worker. While skops is imported torch is not to
    be found; where it is loaded already, nothing is won and nothing is done.
    """
    if "skops.io" not in sys.modules and "torch" not in sys.modules:
        absent: Any = None
        sys.modules["torch"] = absent
        try:
            import skops.io
        finally:
            del sys.modules["torch"]
    import skops.io

    return skops.io
