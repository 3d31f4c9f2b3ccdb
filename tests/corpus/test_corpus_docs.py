"""What the documentation of corpora shows is what happens."""

from __future__ import annotations

import pkgutil
import re

from tests.places import ROOT

import selfvec.corpus
from selfvec.corpus.fields import DATES, IDS, TEXTS, TITLES
from selfvec.corpus.sources import DOCUMENT_SUFFIXES, KINDS

PAGE = (ROOT / "docs" / "corpora.md").read_text(encoding="utf-8")
MODULES = [module.name for module in pkgutil.iter_modules(selfvec.corpus.__path__)]


def test_the_page_names_what_is_read():
    for suffix in (*KINDS, *filter(None, DOCUMENT_SUFFIXES)):
        assert f"`{suffix}`" in PAGE or suffix in (".text", ".markdown"), suffix
    for kind, known in {"text": {*TEXTS, *TITLES}, "date": {*DATES}, "id": {*IDS}}.items():
        entry = re.search(rf"\* \*\*{kind}\*\*:(.*?)(?=\n\* |\n\n)", PAGE, re.DOTALL)[1]
        named = set(re.findall(r"`(\w+)`", entry))
        assert named
        assert named <= known
