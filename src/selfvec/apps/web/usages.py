"""How the text uses words, as linguists list it: collocates, concordances, keywords; as the commands do.

Each answer goes through much of the text. So one is made at a time, whatever is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selfvec.analysis.collocates import collocates
from selfvec.analysis.concordance import concordance
from selfvec.analysis.keyness import keyness
from selfvec.base.errors import NotFound
from selfvec.data.run import Run

from . import addresses, work
from .addresses import address
from .comparison import REFINED, Comparisons
from .work import Busy

Json = dict[str, Any]


class UsageAnswers:
    """Lists of how words are used, made when somebody asks for them."""

    run: Run
    comparisons: Comparisons

    def __init__(self) -> None:
        self._reading = threading.Lock()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other list is made; raises `Busy` if that takes long."""
        if not self._reading.acquire(timeout=work.QUEUE_SECONDS):
            raise Busy("another list is being made from the text")
        try:
            yield
        finally:
            self._reading.release()

    @address("/api/collocates")
    def collocates(
        self,
        word: addresses.Word,
        part: addresses.OptionalPart = None,
        window: addresses.Window = 5,
        most: addresses.FewRows = 20,
    ) -> Json:
        """The words that keep company with a word: the output of `selfvec text collocates --json`."""
        with self._alone():
            return dict(collocates(self.run, word, slice=part, window=window, top=most))

    @address("/api/concordance")
    def concordance(
        self,
        query: addresses.Phrase,
        sort: addresses.LineOrder = None,
        window: addresses.Window = 10,
        most: addresses.FewRows = 50,
    ) -> Json:
        """The first lines of a word or phrase with the text around it, and the number of all: the output of
        `selfvec text concordance --json`."""
        with self._alone():
            return dict(concordance(self.run, query, sort=sort, window=window, top=most))

    @address("/api/keyness")
    def keyness(self, key: addresses.ComparisonKey, most: addresses.FewRows = 20) -> Json:
        """The words that one part uses more than the other: the output of `selfvec text keyness --json`."""
        if key == REFINED:
            rule = "before and after refining, the text is the same"
            raise NotFound(rule, field="c", remedy="compare two slices, as A|B")
        parts = self.comparisons.pair(key)
        with self._alone():
            return dict(keyness(self.run, parts, top=most))
