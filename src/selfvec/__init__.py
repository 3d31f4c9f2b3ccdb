"""Adapt static word and token vectors to your own text.

>>> import selfvec
>>> vectors = selfvec.load("default")
>>> model = selfvec.Refiner(window=5).fit(["hail fell on the roof", "the roof broke under hail"], vectors)
>>> model.vectors_.most_similar("hail", topn=1)[0][0] in {"fell", "under", "broke", "roof", "on", "the"}
True
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import forks  # noqa: F401 (it notices from now on when the process forks)

if TYPE_CHECKING:  # the public names, each of which is imported when it is first used
    from selfvec.analysis.collocates import collocates as collocates
    from selfvec.analysis.compare import compare as compare
    from selfvec.analysis.comparison.variants import variants as variants
    from selfvec.analysis.concepts.corpus_topics import topics as topics
    from selfvec.analysis.concepts.shared_contexts import why as why
    from selfvec.analysis.concepts.term_graph import graph as graph
    from selfvec.analysis.concordance import concordance as concordance
    from selfvec.analysis.frequency import dispersion as dispersion
    from selfvec.analysis.frequency import frequency as frequency
    from selfvec.analysis.keyness import keyness as keyness
    from selfvec.analysis.monitoring import monitor as monitor
    from selfvec.analysis.ngrams import ngrams as ngrams
    from selfvec.analysis.word_drift.drift import drift as drift
    from selfvec.analysis.word_senses import senses as senses
    from selfvec.apps.functions.inspection import health as health
    from selfvec.apps.functions.inspection import info as info
    from selfvec.apps.functions.inspection import verify as verify
    from selfvec.apps.functions.live import add as add
    from selfvec.apps.functions.live import delete as delete
    from selfvec.apps.functions.live import undo as undo
    from selfvec.apps.functions.live import upsert as upsert
    from selfvec.apps.functions.refine import refine as refine
    from selfvec.apps.functions.report import report as report
    from selfvec.apps.functions.search import search as search
    from selfvec.apps.functions.search import similar_documents as similar_documents
    from selfvec.apps.functions.trajectories import trajectory as trajectory
    from selfvec.apps.functions.update import merge as merge
    from selfvec.apps.functions.update import update as update
    from selfvec.apps.functions.update import watch as watch
    from selfvec.apps.functions.vectors import convert as convert
    from selfvec.apps.functions.vectors import fetch as fetch
    from selfvec.apps.refiner import Refiner as Refiner
    from selfvec.apps.run import Run as Run
    from selfvec.apps.run import open as open
    from selfvec.apps.run import open_run as open_run
    from selfvec.apps.run import save_run as save_run
    from selfvec.apps.similar_words import similar as similar
    from selfvec.base.errors import SelfvecError as SelfvecError
    from selfvec.base.installed import __version__ as __version__
    from selfvec.corpus import Corpus as Corpus
    from selfvec.corpus import as_corpus as as_corpus
    from selfvec.corpus.example_text import example as example
    from selfvec.data.token_batch import TokenBatch as TokenBatch
    from selfvec.lab.align import align as align
    from selfvec.lab.evaluation import evaluate as evaluate
    from selfvec.lab.exporters import export as export
    from selfvec.lab.transforms.compress import compress as compress
    from selfvec.lab.transforms.compress import principal_axes as principal_axes
    from selfvec.lab.transforms.debias import debias as debias
    from selfvec.lab.transforms.define import define as define
    from selfvec.lab.transforms.distill import distill as distill
    from selfvec.lab.transforms.join import join as join
    from selfvec.lab.transforms.retrofit import retrofit as retrofit
    from selfvec.lab.transforms.tokenizer_transfer import tokenizer as tokenizer
    from selfvec.retrieval import Index as Index
    from selfvec.retrieval import run_index as run_index
    from selfvec.retrieval.encoder import Encoder as Encoder
    from selfvec.storage.formats import Vectors as Vectors
    from selfvec.storage.formats import load as load
    from selfvec.storage.formats import save as save
    from selfvec.stores import migrate as migrate
    from selfvec.text.phrase_finding import phrases as phrases


def _find_place_for_kernels() -> None:
    """Let Numba keep kernels in a temporary folder if neither the package nor the user's cache is writable.

    Numba would raise an error on import, as in a container with a read-only file system.
    """
    # Path.expanduser raises an error for a user without a home.
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    there = next(folder for folder in (cache, *cache.parents) if folder.exists())
    if "NUMBA_CACHE_DIR" in os.environ or any(
        os.access(at, os.W_OK) for at in (Path(__file__).parent, there)
    ):
        return
    import atexit
    import shutil
    import tempfile

    os.environ["NUMBA_CACHE_DIR"] = folder = tempfile.mkdtemp(prefix="selfvec-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


_find_place_for_kernels()


@cache
def _homes() -> dict[str, str]:
    """The module of each public name, as type checkers read it above."""
    listed = re.compile(r"^    from (\S+) import (\w+) as", re.MULTILINE)
    return {name: module for module, name in listed.findall(Path(__file__).read_text(encoding="utf-8"))}


if not TYPE_CHECKING:  # to type checkers a name that is not above is an error

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return __dir__()
        if name not in (homes := _homes()):
            raise AttributeError(f"module 'selfvec' has no attribute {name!r}")
        from importlib import import_module

        if "IPython" in sys.modules:
            import_module("selfvec.analysis.views.notebook")  # registers how results are shown
        value = getattr(import_module(homes[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(_homes())
