"""The command line: thin. Every command calls what Python users call, and prints it.

Results go to standard output, everything else to standard error. Exit status 0: done; 1: a check failed;
2: bad usage or input, in one line; 130: interrupted.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    from .app import run

    status = run(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `selfvec … | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
