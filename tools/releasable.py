"""Whether this checkout may be published: no placeholder, no "not published yet", and the version of the tag.

    python tools/releasable.py TAG

names what a publisher still has to write, with file and line; the workflow of releases stops there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from selfvec.base.installed import __version__

ROOT = Path(__file__).parent.parent
PAGES = (
    *("pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "CODE_OF_CONDUCT.md", "SECURITY.md"),
    *("docs/install.md", "docs/reference/promises.md"),
)
REMEDIES = {
    r"example\.invalid": "a placeholder: write the project's own address",
    r"not\s+(?:on\s+PyPI|published|released|run)\s+yet|Nothing\s+is\s+released": (
        "false once this is published: say what holds then"
    ),
}


def main(tag: str, root: Path = ROOT) -> int:
    faults = [] if tag == f"v{__version__}" else [f"the tag is {tag}, and the version {__version__}"]
    for page in PAGES:
        text = (root / page).read_text(encoding="utf-8")
        for pattern, remedy in REMEDIES.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                faults.append(f"{page}:{line}: {match[0]!r} is {remedy}")
    print("\n".join(faults) or f"{tag} can be published")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("python tools/releasable.py TAG, such as v1.0.0")
    raise SystemExit(main(sys.argv[1]))
