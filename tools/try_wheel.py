"""The wheel in an empty environment, away from the checkout: version, demonstration, a text of one's own.

    python tools/try_wheel.py FOLDER

installs the one wheel of the folder with its dependencies and nothing else, and uses it as a new user would.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from importlib.util import find_spec
from pathlib import Path

TEXT = "Hail broke the roof of the barn.\nThe barn burned after lightning.\nSnow closed the road.\n"


def main(folder: Path) -> None:
    wheels = list(folder.glob("selfvec-*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"{folder}: there is one wheel, not {len(wheels)}; run make dist")
    wheel = wheels[0].resolve()
    with tempfile.TemporaryDirectory(prefix="selfvec-wheel-") as name:
        home = Path(name, "home")
        home.mkdir()
        environment = Path(name, "environment")
        install(wheel, environment)
        # Neither the checkout nor what the user has installed or set is there.
        variables = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

        def selfvec(*arguments: str) -> str:
            program = environment / "bin" / "selfvec"
            ended = subprocess.run(
                [program, *arguments], cwd=home, env=variables, check=True, stdout=subprocess.PIPE, text=True
            )
            return ended.stdout.strip()

        version = selfvec("--version")
        if version.split()[:2] != ["selfvec", wheel.name.split("-")[1]]:
            raise SystemExit(f"{wheel.name} says that its version is {version!r}")
        selfvec("demo")
        (home / "reports.txt").write_text(TEXT, encoding="utf-8")
        selfvec("refine", "reports.txt", "-o", "run")
        for run in ("demo-run", "run"):
            selfvec("run", "verify", run)
        found = selfvec("search", "run", "a broken roof", "--top", "1")
        if "Hail broke the roof" not in found:
            raise SystemExit(f"the search in a text of one's own found {found!r}")
    print(f"{wheel.name} works in an empty environment: {version}")


def install(wheel: Path, environment: Path) -> None:
    """Make an environment with the wheel: by uv, which links what it has in its cache, or by pip."""
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    ways: list[list[str | Path]] = [
        ["pip", "--disable-pip-version-check", "--python", python, "install", "--quiet", wheel]
    ]
    if find_spec("uv"):
        ways.insert(0, ["uv", "pip", "install", "--quiet", "--python", python, wheel])
    # Where only pip's configuration names a package index, uv finds nothing.
    if all(subprocess.run([sys.executable, "-m", *way], check=False).returncode for way in ways):
        raise SystemExit(f"{wheel.name} cannot be installed")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist"))
