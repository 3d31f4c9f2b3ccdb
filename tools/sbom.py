"""What Selfvec depends on: a CycloneDX bill of materials and a table of licences.

``python tools/sbom.py FOLDER`` writes ``sbom.cdx.json`` and ``licences.md`` of the packages that Selfvec and
its extras need and that are installed. The same environment gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = "selfvec"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra *== *['\"]([\w-]+)['\"]")
_CLASSIFIER = "License :: "
_LONGEST = 60  # characters of a licence field that is a name and not a text


def installed(root: str = ROOT) -> dict[str, tuple[Distribution, bool]]:
    """The packages needed by name, and whether the core needs them. Extras count for the root only."""
    found: dict[str, tuple[Distribution, bool]] = {}
    waiting = [(root, True)]
    while waiting:
        name, core = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found and (found[key][1] or not core):
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[key] = package, core
        for requirement in package.requires or []:
            needed, _, condition = requirement.partition(";")
            extra = _EXTRA.search(condition)
            matched = _NAME.match(needed)
            if matched and (extra is None or (key == root and extra[1] != "dev")):
                waiting.append((matched[0], core and extra is None))
    return dict(sorted(found.items()))


def licence(package: Distribution) -> str:
    """The licence as the package names it: an SPDX expression, a classifier, or a short field."""
    data: Any = package.metadata
    classifiers = [text for text in data.get_all("Classifier") or [] if text.startswith(_CLASSIFIER)]
    names = [text.removeprefix(_CLASSIFIER).split(" :: ")[-1] for text in classifiers]
    first = (data.get("License") or "").strip().split("\n")[0]  # of a field that may hold the whole text
    short = first if len(first) <= _LONGEST else ""
    return data.get("License-Expression") or short or "; ".join(names) or "see the package"


def bill(packages: dict[str, tuple[Distribution, bool]]) -> dict[str, object]:
    """A CycloneDX 1.5 document without times and random numbers."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{package.version}",
            "name": name,
            "version": package.version,
            "purl": f"pkg:pypi/{name}@{package.version}",
            "scope": "required" if core else "optional",
            "licenses": [{"license": {"name": licence(package)}}],
        }
        for name, (package, core) in packages.items()
        if name != ROOT
    ]
    own = packages[ROOT][0]
    about = {"type": "application", "name": ROOT, "version": own.version, "bom-ref": ROOT}
    head = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}
    return {**head, "metadata": {"component": about}, "components": components}


def table(packages: dict[str, tuple[Distribution, bool]]) -> str:
    """The licences as a Markdown table."""
    lines = ["| package | version | licence | needed by |", "|---|---|---|---|"]
    for name, (package, core) in packages.items():
        needed = "the core" if core else "an extra"
        lines.append(f"| {name} | {package.version} | {licence(package)} | {needed} |")
    return "\n".join(lines) + "\n"


def main(folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    packages = installed()
    (folder / "sbom.cdx.json").write_text(json.dumps(bill(packages), indent=1) + "\n", encoding="utf-8")
    (folder / "licences.md").write_text(table(packages), encoding="utf-8")
    print(f"{folder}: {len(packages) - 1} packages")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
