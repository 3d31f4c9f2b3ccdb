"""How large is an installation, and what is each dependency for?

uv installs this checkout into empty environments, first alone and then with each extra, and the files of each
package are counted. An extra that brings PyTorch is only resolved.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from importlib.metadata import Distribution, distributions
from pathlib import Path

from benchmarks.page import table

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PURPOSES = {
    "backports-zstd": "Zstandard files, before Python 3.14",
    "bm25s": "lists of stop words",
    "chardet": "the likely encoding of what is not UTF-8",
    "lxml": "HTML",
    "numba": "compiles the kernels",
    "numpy": "matrices",
    "polars": "tables, CSV, JSON lines, Parquet; results as data frames",
    "pystemmer": "stems",
    "safetensors": "files of tensors",
    "rich": "text and progress in the terminal",
    "simplemma": "lemmas",
    "threadpoolctl": "the number of threads of NumPy",
    "tokenizers": "any `tokenizer.json`",
    "click": "the command line",
    "webencodings": "the names of encodings in HTML",
    "wordllama": "the built-in vectors",
}
FOR_DEVELOPERS = {"cluster", "dev", "docs"}
EXTRAS = [extra for extra in PROJECT["optional-dependencies"] if extra not in FOR_DEVELOPERS]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def named(requirement: str) -> str:
    """The normalized name of the package that a requirement needs.

    >>> named('backports.zstd>=1; python_version < "3.14"')
    'backports-zstd'
    """
    found = _NAME.match(requirement)
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def installed(*arguments: str, extra: str = "", folder: Path) -> dict[str, Distribution]:
    """The packages of a new environment with Selfvec and perhaps an extra."""
    venv.create(folder, with_pip=False)
    _uv("install", "--python", str(folder), *arguments, _wanted(extra))
    (place,) = folder.glob("lib/python*/site-packages")
    return {named(package.name): package for package in distributions(path=[str(place)])}


def resolved(extra: str) -> set[str]:
    """The packages that an extra would install; nothing is downloaded but what they need in turn."""
    with tempfile.TemporaryDirectory() as name:
        venv.create(name, with_pip=False)
        lines = _uv("install", "--dry-run", "--python", name, _wanted(extra)).splitlines()
    return {named(line.removeprefix(" + ")) for line in lines if line.startswith(" + ")}


def _wanted(extra: str) -> str:
    return f"{ROOT}[{extra}]" if extra else str(ROOT)


def _uv(*arguments: str) -> str:
    command = [sys.executable, "-m", "uv", "pip", *arguments]
    return subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr


def size(package: Distribution) -> float:
    """MB of the files that a package installs."""
    places = [Path(str(package.locate_file(file))) for file in package.files or ()]
    return sum(place.stat().st_size for place in places if place.is_file()) / 1e6


def brought(packages: dict[str, Distribution]) -> dict[str, set[str]]:
    """For each direct dependency all others that it needs, but not through another direct one."""
    direct = {named(one) for one in PROJECT["dependencies"]} & set(packages)
    found = {}
    for name in sorted(direct):
        waiting, needed = [name], set[str]()
        while waiting:
            requirements = packages[waiting.pop()].requires or []
            next_ones = {named(one) for one in requirements if "extra ==" not in one} & set(packages)
            waiting += next_ones - needed - direct
            needed |= next_ones - direct
        found[name] = needed
    return found


def core() -> str:
    """The dependencies with what each one alone brings, the largest first."""
    with tempfile.TemporaryDirectory() as folder:
        packages = installed("--compile-bytecode", folder=Path(folder))
        sizes = {name: size(package) for name, package in packages.items()}
        bytecode = sum(path.stat().st_size for path in Path(folder).rglob("*.pyc")) / 1e6
        needed = brought(packages)
    rows: list[tuple[str, str, str, float]] = []
    shared = set(packages) - set(needed) - {"selfvec"}
    for name, others in needed.items():
        alone = others - set[str]().union(*(needed[one] for one in needed if one != name))
        shared -= alone
        rows.append((name, PURPOSES[name], _list(alone, sizes), sum(sizes[one] for one in {name, *alone})))
    rows.append(("Selfvec itself", "", "", sizes["selfvec"]))
    rows.append(("used by several", "", _list(shared, sizes), sum(sizes[one] for one in shared)))
    rows.sort(key=lambda row: -row[3])
    rows.append(("all", "", "", sum(sizes.values())))
    rows.append(("bytecode, which pip adds and uv does not", "", "", bytecode))
    heads = ("dependency", "for", "brings", "MB")
    return table(heads, [(*texts, f"{megabytes:.1f}") for *texts, megabytes in rows])


def _list(names: set[str], sizes: dict[str, float]) -> str:
    return ", ".join(sorted(names, key=lambda name: -sizes[name]))


def extras() -> str:
    """What each extra adds to the core: packages and size, or that it brings PyTorch."""
    rows: list[tuple[object, ...]] = []
    plain = resolved("")
    for extra in EXTRAS:
        added = resolved(extra) - plain
        if "torch" in added:
            rows.append((f"`{extra}`", len(added), None, "yes"))
            continue
        with tempfile.TemporaryDirectory() as folder:
            packages = installed(extra=extra, folder=Path(folder))
            megabytes = sum(size(package) for name, package in packages.items() if name in added)
        rows.append((f"`{extra}`", len(added), f"{megabytes:.1f}", "no"))
    return table(("extra", "packages", "MB", "PyTorch"), rows)


PAGES = {"install.md": {"core": core, "extras": extras}}
