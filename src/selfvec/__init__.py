"""Adapt static word and token vectors to your own text.

>>> import selfvec
>>> vectors = selfvec.load("default")
>>> model = selfvec.Refiner(window=5).fit(["hail fell on the roof", "the roof broke under hail"], vectors)
>>> model.vectors_.most_similar("hail", topn=1)[0][0] in {"fell", "under", "broke", "roof", "on", "the"}
True
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selfvec.analysis.alignment import align, compare
    from selfvec.analysis.concepts import expand, graph, phrases, topics, why
    from selfvec.analysis.monitoring import monitor
    from selfvec.analysis.word_senses import senses
    from selfvec.apps.answers import ask
    from selfvec.apps.functions.files import convert, fetch
    from selfvec.apps.functions.measuring import evaluate
    from selfvec.apps.functions.opening import health, open
    from selfvec.apps.functions.runs import merge, refine, update
    from selfvec.apps.functions.vectors import (
        aspect,
        attract_repel,
        counter_fit,
        debias,
        define,
        distill,
        join,
        model2vec,
        nodes,
        pool,
        principal_axes,
        retrofit,
        smooth,
        tokenizer,
    )
    from selfvec.apps.functions.words import drift, trajectory
    from selfvec.apps.refiner import Refiner
    from selfvec.apps.similar_words import similar
    from selfvec.base.errors import SelfvecError
    from selfvec.base.versions import __version__
    from selfvec.compression import compress
    from selfvec.corpus import Corpus, as_corpus
    from selfvec.corpus.example_text import example
    from selfvec.data.run import Run
    from selfvec.data.token_batch import TokenBatch
    from selfvec.data.vectors import Vectors
    from selfvec.exporters import export, migrate
    from selfvec.retrieval import Index, run_index, search
    from selfvec.retrieval.encoder import Encoder
    from selfvec.storage.contents import info
    from selfvec.storage.formats import load, save
    from selfvec.storage.run_folder import open_run
    from selfvec.storage.run_writer import save_run
    from selfvec.storage.verification import verify

# Where each public name is defined. Modules are imported on first use, so that `import selfvec` is fast.
_HOMES = {
    "Corpus": "corpus",
    "Encoder": "retrieval.encoder",
    "Index": "retrieval",
    "Refiner": "apps.refiner",
    "Run": "data.run",
    "SelfvecError": "base.errors",
    "TokenBatch": "data.token_batch",
    "Vectors": "storage.formats",
    "__version__": "base.versions",
    "align": "analysis.alignment",
    "as_corpus": "corpus",
    "ask": "apps.answers",
    "aspect": "apps.functions.vectors",
    "attract_repel": "apps.functions.vectors",
    "compare": "analysis.alignment",
    "compress": "compression",
    "convert": "apps.functions.files",
    "counter_fit": "apps.functions.vectors",
    "debias": "apps.functions.vectors",
    "define": "apps.functions.vectors",
    "distill": "apps.functions.vectors",
    "drift": "apps.functions.words",
    "evaluate": "apps.functions.measuring",
    "example": "corpus.example_text",
    "expand": "analysis.concepts",
    "export": "exporters",
    "fetch": "apps.functions.files",
    "graph": "analysis.concepts",
    "health": "apps.functions.opening",
    "info": "storage.contents",
    "join": "apps.functions.vectors",
    "load": "storage.formats",
    "merge": "apps.functions.runs",
    "migrate": "exporters",
    "model2vec": "apps.functions.vectors",
    "monitor": "analysis.monitoring",
    "nodes": "apps.functions.vectors",
    "open": "apps.functions.opening",
    "open_run": "storage.run_folder",
    "phrases": "analysis.concepts",
    "pool": "apps.functions.vectors",
    "principal_axes": "apps.functions.vectors",
    "refine": "apps.functions.runs",
    "retrofit": "apps.functions.vectors",
    "run_index": "retrieval",
    "save": "storage.formats",
    "save_run": "storage.run_writer",
    "search": "retrieval",
    "senses": "analysis.word_senses",
    "similar": "apps.similar_words",
    "smooth": "apps.functions.vectors",
    "tokenizer": "apps.functions.vectors",
    "topics": "analysis.concepts",
    "trajectory": "apps.functions.words",
    "update": "apps.functions.runs",
    "verify": "storage.verification",
    "why": "analysis.concepts",
}

__all__ = [
    "Corpus",
    "Encoder",
    "Index",
    "Refiner",
    "Run",
    "SelfvecError",
    "TokenBatch",
    "Vectors",
    "__version__",
    "align",
    "as_corpus",
    "ask",
    "aspect",
    "attract_repel",
    "compare",
    "compress",
    "convert",
    "counter_fit",
    "debias",
    "define",
    "distill",
    "drift",
    "evaluate",
    "example",
    "expand",
    "export",
    "fetch",
    "graph",
    "health",
    "info",
    "join",
    "load",
    "merge",
    "migrate",
    "model2vec",
    "monitor",
    "nodes",
    "open",
    "open_run",
    "phrases",
    "pool",
    "principal_axes",
    "refine",
    "retrofit",
    "run_index",
    "save",
    "save_run",
    "search",
    "senses",
    "similar",
    "smooth",
    "tokenizer",
    "topics",
    "trajectory",
    "update",
    "verify",
    "why",
]


def _find_place_for_kernels() -> None:
    """Let Numba keep kernels in a temporary folder if neither the package nor the user's cache is writable.

    Numba would raise an error on import, as in a container with a read-only file system.
    """
    from pathlib import Path

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'selfvec' has no attribute {name!r}")
    from importlib import import_module

    if "IPython" in sys.modules:
        import_module("selfvec.views.notebook")  # registers how results are shown
    value = getattr(import_module(f"selfvec.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
