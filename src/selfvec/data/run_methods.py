"""The functions of `selfvec` about a run, as methods of the run."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["RunMethods"]


class RunMethods:
    """Methods that call the public function of the same name with the run as its first argument.

    The functions belong to packages that import this one. So they are looked up when a method is called.
    """

    def similar(self, words: Any, **options: Any) -> Any:
        """The words nearest to some words, see `selfvec.similar`."""
        return self._call("similar", words, **options)

    def search(self, query: str, **options: Any) -> Any:
        """Documents that fit a query, see `selfvec.search`."""
        return self._call("search", query, **options)

    def drift(self, between: Any = None, **options: Any) -> Any:
        """What changed between two slices, or by refining, see `selfvec.drift`."""
        return self._call("drift", between, **options)

    def senses(self, word: str, **options: Any) -> Any:
        """The senses of a word, see `selfvec.senses`."""
        return self._call("senses", word, **options)

    def monitor(self, documents: Any, **options: Any) -> Any:
        """A test of whether new documents differ from those of the run, see `selfvec.monitor`."""
        return self._call("monitor", documents, **options)

    def compare(self, other: Any, **options: Any) -> Any:
        """Words that differ between the run and another one, see `selfvec.compare`."""
        return self._call("compare", other, **options)

    def topics(self, number: int | None = None, **options: Any) -> Any:
        """The topics of the corpus, see `selfvec.topics`."""
        return self._call("topics", number, **options)

    def phrases(self, **options: Any) -> Any:
        """The multi-word terms of the corpus, see `selfvec.phrases`."""
        return self._call("phrases", **options)

    def graph(self, words: Any = (), **options: Any) -> Any:
        """The graph of the terms, see `selfvec.graph`."""
        return self._call("graph", words, **options)

    def why(self, a: str, b: str, **options: Any) -> Any:
        """Why two words are similar, see `selfvec.why`."""
        return self._call("why", a, b, **options)

    def expand(self, query: str, **options: Any) -> Any:
        """Terms related to a query, see `selfvec.expand`."""
        return self._call("expand", query, **options)

    def update(self, corpus: Any = None, **options: Any) -> Any:
        """The run with new documents, see `selfvec.update`."""
        return self._call("update", corpus, **options)

    def export(self, to: str, output: Any = None, **options: Any) -> Any:
        """Write the run in the format of another tool, see `selfvec.export`."""
        return self._call("export", to, output, **options)

    def save(self, path: Any, *, overwrite: bool = False) -> None:
        """Write a run folder, see `selfvec.save_run`."""
        self._call("save_run", path, overwrite=overwrite)

    def _call(self, name: str, *given: Any, **options: Any) -> Any:
        return getattr(sys.modules["selfvec"], name)(self, *given, **options)
