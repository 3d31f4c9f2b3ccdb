"""Where things lie: this checkout, its documentation, and real data beside it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SHARED_DATA = ROOT.parent / "shared" / "data"


def files_in(folder: str | Path) -> dict[str, bytes]:
    """The contents of all files in a folder, by their paths in it."""
    paths = (path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
