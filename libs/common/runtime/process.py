"""What every process of the platform does first."""

import gc

from libs.common.runtime import logs

#: Work in sets holds hundreds of thousands of small objects, none in a cycle: with the interpreter's own
#: thresholds a third of an import's time went into looking for one.
_GC_THRESHOLDS = (100_000, 20, 100)


def begin(name: str) -> None:
    """Log under this name; look for cycles rarely."""
    logs.configure(name)
    gc.set_threshold(*_GC_THRESHOLDS)
