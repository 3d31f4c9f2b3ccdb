"""The page on encoders runs: its commands, then its code, in one session."""

from __future__ import annotations

import re

from tests.places import ROOT

from selfvec.export import TARGETS

PAGE = (ROOT / "docs" / "encoders.md").read_text(encoding="utf-8")


def test_the_page_names_every_target() -> None:
    table = PAGE.split("| target |")[1].split("\n\n")[0]
    assert set(
        re.findall(r"`([\w-]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))
    ) == set(TARGETS)
