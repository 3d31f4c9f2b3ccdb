"""The command line. Every command calls one function of the library and prints its result.

Results go to standard output, everything else to standard error. Exit status 0: done; 1: a check failed;
2: wrong usage or input, explained in one line; 130: interrupted.
"""

from __future__ import annotations

import gc
import os
import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    # Most objects of a command live until it ends. By default the search for unreachable cycles takes a tenth
    # of the processor time of a short one.
    gc.set_threshold(50_000)
    try:
        from .app import run

        status = run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:  # while modules are imported
        print("selfvec: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has gone, as in `selfvec … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
