"""The command line. Every command calls one function of the library and prints its result.

Results go to standard output, everything else to standard error. Exit status 0: done; 1: a check failed;
2: wrong usage or input, explained in one line; 130: interrupted.
"""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]

_COLLECTED = 100_000  # new objects after which garbage is looked for


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Without ``arguments`` the process ends with the command. Its garbage is then hardly collected, since to
    search the objects of a long run for it takes half a second, and linear algebra gets no threads of its
    own, which would wait for each other in loops (see `selfvec.base.threads`).
    """
    if arguments is None:
        gc.set_threshold(_COLLECTED)
        for library in ("OPENBLAS", "MKL"):
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    try:
        from .app import run

        status = run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:  # while modules are imported
        print("selfvec: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has gone, as in `selfvec … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        if arguments is None:
            gc.freeze()
    return status
