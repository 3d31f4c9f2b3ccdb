"""Tests with the lowest versions that pyproject.toml states, in a throw-away environment.

    python tools/lowest.py [TEST...]

uv takes the lowest versions of what pyproject.toml names for the core and the extras `serve`, `mcp`,
`plot` and `encoder`, and usual versions of what these need themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXTRAS = ("serve", "mcp", "plot", "encoder")
BESIDE = ("pytest>=9", "hypothesis>=6.100", "httpx>=0.27", "pandas>=2.2.3", "pillow>=11", "onnx>=1.18")
TESTS = (
    "tests/numerics",
    "tests/data/test_vectors.py",
    "tests/data/test_field_types.py",
    "tests/retrieval/encoder/test_encoder.py",
    "tests/encoders",
    "tests/text/test_languages.py",
    "tests/apps/mcp/test_assistant.py",
    "tests/apps/web/test_app.py",
)


def main(tests: list[str]) -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *BESIDE]
    wanted += [name for extra in EXTRAS for name in project["optional-dependencies"][extra]]
    with tempfile.TemporaryDirectory(prefix="selfvec-lowest-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        _run([python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "uv"])
        _run([python, "-m", "uv", "pip", "install", "--quiet", "--resolution", "lowest-direct", *wanted])
        _run([python, "-m", "uv", "pip", "list"])
        # Warnings of old versions about new ones are no failures here.
        checked = [python, "-m", "pytest", "-q", "-W", "default", "-p", "no:cacheprovider", *(tests or TESTS)]
        kernels = {"NUMBA_CACHE_DIR": str(Path(folder, "kernels"))}
        paths = {"PYTHONPATH": str(ROOT / "src"), "VIRTUAL_ENV": folder, "SELFVEC_WARNINGS": "default"}
        return subprocess.run(
            checked, cwd=ROOT, env={**os.environ, **paths, **kernels}, check=False
        ).returncode


def _run(command: list[str | Path]) -> None:
    folder = str(Path(command[0]).parent.parent)
    subprocess.run(command, check=True, env={**os.environ, "VIRTUAL_ENV": folder})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
