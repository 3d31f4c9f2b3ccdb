"""Trajectory figures as files: ``selfvec trajectory RUN WORD... --plot FILE``."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display
from selfvec.base.errors import MissingExtra, OptionError
from selfvec.base.files import atomic_file

from .trajectory_view import TrajectoryView, trajectory_view

if TYPE_CHECKING:
    from .scene import Scene
    from .text import Spell

__all__ = ["SUFFIXES", "TrajectoryView", "save_scene", "save_trajectory_plot", "trajectory_view"]

SUFFIXES = (".html", ".png", ".svg")


def save_trajectory_plot(view: TrajectoryView, path: str | os.PathLike[str]) -> None:
    """Draw a view into a file; its suffix says how.

    Parameters
    ----------
    view : TrajectoryView
    path : path
        ``.png`` and ``.svg`` for papers, the same bytes for the same view; ``.html`` to point at, in one file
        that fetches nothing.

    Raises
    ------
    OptionError
        For another suffix.
    MissingExtra
        If matplotlib or plotly is not installed.
    TargetError
        If the file cannot be written. It is left as it was.
    """
    from .trajectory_scene import trajectory_scene

    save_scene(lambda spell: trajectory_scene(view, spell), path)


def save_scene(laid_out: Callable[[Spell], Scene], path: str | os.PathLike[str]) -> None:
    """Draw a scene into a file; its suffix says how.

    Parameters
    ----------
    laid_out : callable
        Makes the scene, given what makes words fit to be shown.
    path : path
        See `save_trajectory_plot`, also for the errors.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(
            f"no figure format {suffix!r}", path=path, remedy=f"end the name in one of {', '.join(SUFFIXES)}"
        )
    # Either way matplotlib measures the text: labels are laid out before anything is drawn.
    for package in ("matplotlib", "plotly") if suffix == ".html" else ("matplotlib",):
        if find_spec(package) is None:
            raise MissingExtra(package, "plot", "a trajectory figure")

    from . import draw_matplotlib, draw_plotly
    from .text import escape_drawable

    scene = laid_out(escape_drawable if suffix == ".png" else escape_for_display)
    with atomic_file(path) as temporary:
        if suffix == ".html":
            draw_plotly.draw(scene, temporary)
        else:
            draw_matplotlib.draw(scene, temporary, suffix[1:])
