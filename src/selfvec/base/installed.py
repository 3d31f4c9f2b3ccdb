"""This copy of Selfvec: its version, those of what may change a result, and how it was installed.

Commands that it suggests work where it is.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__version__ = "1.0.0rc1"

RUN_FORMAT = 2
"""The format of run folders; raise it when they change so that older code can no longer read them."""

_PACKAGES = ("numpy", "numba", "polars", "tokenizers", "simplemma", "wordllama")


def environment() -> dict[str, object]:
    """Versions of all software that may change a result."""
    return {
        "selfvec": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "packages": dict(_package_versions()),
    }


@cache  # looking them up takes a tenth of a small refinement
def _package_versions() -> Mapping[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def in_uvx() -> bool:
    """Whether this is an environment in the cache of uvx."""
    return "UV" in os.environ and Path(sys.prefix).parent.name.startswith("archive-")


def install_command(extra: str) -> str:
    """The command that adds an extra to this installation."""
    source, editable = installed_from()
    wanted = f"selfvec[{extra}] @ {source}" if "://" in source else f"{source}[{extra}]"
    if in_uvx():
        return f"uvx --from {shlex.quote(wanted)} selfvec"
    python, pip = pasted(Path(sys.executable)), shutil.which("pip")
    if find_spec("pip") is None and shutil.which("uv"):
        how = f"uv pip install --python {python}"
    elif pip is not None and Path(pip).parent == Path(sys.executable).parent:
        how = "pip install"
    else:
        how = f"{python} -m pip install"
    return f"{how} {'-e ' * editable}{shlex.quote(wanted)}"


def installed_from() -> tuple[str, bool]:
    """Where it was installed from, and whether it is a checkout that is used in place.

    It is a path, as short as it can be pasted, an address, or ``selfvec`` from an index of packages.
    """
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        origin = json.loads(distribution("selfvec").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:  # a checkout on the path
        return _local(Path(__file__).parents[3]), True
    url = origin.get("url", "selfvec")
    place = urlsplit(url)
    if place.scheme == "file":
        return _local(Path(url2pathname(place.path))), bool(origin.get("dir_info", {}).get("editable"))
    return (f"{origin['vcs_info']['vcs']}+{url}" if "vcs_info" in origin else url), False


def _local(path: Path) -> str:
    """A path that installers do not take for the name of a package."""
    short = str(_shortest(path))
    return short if "/" in short or short == "." else f"./{short}"


def pasted(path: Path) -> str:
    """A path as short as it can be pasted into a shell."""
    return shlex.quote(str(_shortest(path)))


def _shortest(path: Path) -> Path:
    with suppress(ValueError):
        return path.absolute().relative_to(Path.cwd())
    return path
