"""`refine`, in memory or into a run folder; and what it has in common with `update` and `merge`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Unpack

from selfvec.apps.run import Run
from selfvec.base.checks import StrPath, is_path
from selfvec.base.declarations import Count, checked, options
from selfvec.base.errors import OptionError
from selfvec.base.progress import LOG, GivenProgress
from selfvec.base.threads import threads
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.conversion import Texts
from selfvec.corpus.fields import FieldOptions
from selfvec.data import run as record
from selfvec.data.settings import Settings, SettingsOptions
from selfvec.data.vectors import Vectors
from selfvec.refinement.inputs import Start, starts
from selfvec.refinement.pipeline import refine as refine_corpus
from selfvec.storage.opened import as_vectors, is_table
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter


@options(FieldOptions, SettingsOptions)
class RefineOptions(FieldOptions, SettingsOptions, total=False):
    """How documents are read, and how they are refined."""


@checked
def refine(
    corpus: Texts,
    vectors: Start | Sequence[Start] = "default",
    method: Literal["auto", "paper", "online", "decorrelated", "original"] = "auto",
    *,
    output: StrPath | None = None,
    slice: Literal["week", "month", "quarter", "year", "decade", "century", "corpus"] | None = None,
    encoder: Any = None,
    embeddings: Any = None,
    cluster: str | None = None,
    jobs: Count | None = None,
    overwrite: bool = False,
    progress: GivenProgress = None,
    **options: Unpack[RefineOptions],
) -> Run:
    """Adapt vectors to a text, as a run.

    Parameters
    ----------
    corpus : path, paths, texts, data frame or `Corpus`
        Files or folders of text. Also the documents themselves, see `selfvec.as_corpus`.
    vectors : Vectors, path or name, or several
        Initial vectors; by default the built-in vectors. wordllama and glosses are their halves. A
        file, the name of fetched vectors, gensim's vectors, or a method that makes them from the text alone:
        none, svd, glove, word2vec or fasttext. Several are compared on held-out text. Also a dict
        from words to arrays, a pair of words and their matrix, or a data frame of numbers.
    method : {"auto", "paper", "online", "decorrelated", "original"}
        The update rule. auto tries paper, online and decorrelated on held-out text and takes the one that
        scored best, or keeps the vectors as they are if none is better; original keeps them in any case.
    output : path, optional
        The run folder to make. With a cluster it may be a URL. Also None: the run is in memory, and
        `Run.save` writes it.
    slice : {"week", "month", "quarter", "year", "decade", "century", "corpus"}, optional
        Periods that drift compares. corpus: each path of the corpus is a slice.
    encoder : name or path, optional
        Sentence encoder that teaches the run. The name of a fetched encoder, or a folder. Also an object with
        `encode` or `embed`, or a function of a list of texts.

    Other Parameters
    ----------------
    embeddings : matrix, mapping or data frame, optional
        Vectors of the documents, in place of an encoder: a row for each document, or rows by ids.
    cluster : str, optional
        Work on a Dask cluster. "local", processes of this machine, or the address of a scheduler.
    jobs : int, at least 1, optional
    overwrite : bool
    progress : Progress or bool, optional
    **options
        Those of `FieldOptions`, which say how documents are read, and the other parameters of
        `selfvec.Refiner`.

    Returns
    -------
    Run

    Raises
    ------
    OptionError
        If an option is misspelt or wrong.
    CorpusError, InputError
        If the text or the vectors cannot be used.
    TargetError
        If ``output`` exists, or cannot be written.

    Examples
    --------
    >>> texts = ["hail broke the roof", "wind broke a tree"] * 9
    >>> run = selfvec.refine(texts, method="decorrelated", window=5)
    >>> run.vectors.index_to_key[0]
    'broke'
    """
    given: dict[str, Any] = dict(options)
    fields: Any = {name: given.pop(name) for name in FieldOptions.__annotations__ if name in given}
    if slice and fields.get("slice_field"):
        rule = "slices are defined by --slice or by --slice-field, not by both"
        raise OptionError(rule, remedy="leave one of them out")
    fields["slice_by_name"] = by_name = slice == "corpus"
    settings = Settings.given(method=method, slice=None if by_name else slice, **given)
    if overwrite and output is None and is_path(vectors):  # where the functions of others have the output
        rule = "a run in memory is not written: the second argument is its vectors"
        raise OptionError(rule, field="overwrite", remedy="name an output")
    several = initial_vectors(vectors)
    teaching: dict[str, Any] = {"encoder": encoder, "embeddings": embeddings}
    if cluster is not None:
        from selfvec.lab.cluster.refine import refine_on

        work: dict[str, Any] = {"overwrite": overwrite} | teaching
        return Run(refine_on(cluster, corpus, several, settings, fields, output, **work))
    with run_writer(output, overwrite) as writer:
        text = open_text(corpus, fields, keep=settings.keeps_text)
        made = refine_corpus(text, several, settings, writer=writer, **teaching)
        return Run(finished(made, writer))


# ---- What is given, and what is made of it


def open_text(
    text: Any,
    fields: FieldOptions,
    *,
    keep: bool = False,
    like: Mapping[str, Any] | None = None,
) -> Corpus:
    """A corpus from anything that `selfvec.as_corpus` takes; ``like`` as there.

    With ``keep`` its documents keep the fields that are named, or all.
    """
    kept = fields.get("keep_fields")
    options: Any = {**fields, "keep_fields": keep and (kept is None or kept)}
    return as_corpus(text, "corpus", like=like, **options)


def initial_vectors(given: Any) -> list[Start]:
    """One or several initial vectors as a list; those of gensim as ours. `OptionError` for anything else."""
    several = [given] if is_table(given) else starts(given)
    if not several:
        raise OptionError("are missing", field="vectors", remedy='give a path, a name, or "none"')
    return [_initial(one) for one in several]


def _initial(given: Any) -> Start:
    if given is None or is_path(given):
        return given
    try:
        return as_vectors(given)
    except OptionError as error:
        if is_table(given) or isinstance(given, Vectors):
            raise
        remedy = "give them as vectors=..., and labels, if any, one for each document"
        raise OptionError(error.rule, field="vectors", remedy=remedy) from None


@contextmanager
def run_writer(output: StrPath | None, overwrite: bool) -> Iterator[RunWriter | None]:
    """Writes the run folder that is made; None for a run in memory."""
    if output is None:
        if overwrite:
            raise OptionError("a run in memory is not written", field="overwrite", remedy="name an output")
        yield None
        return
    if "://" in os.fspath(output):
        rule = f"{output} is a URL, which only a cluster writes"
        raise OptionError(rule, field="output", remedy="name a folder, or refine with --cluster local")
    LOG.info("threads: %d", threads())
    with RunWriter(output, overwrite=overwrite) as writer:
        yield writer


def finished(run: record.Run, writer: RunWriter | None, undo: bool = True) -> record.Run:
    """The run, or what was written of it: only its documents if they alone have changed in its folder."""
    if writer is None:
        return run
    if run.fitted_run is not run:
        if run.folder and run.folder.resolve() == writer.target.resolve():
            return writer.change(run)
        from selfvec.encoders.encoded_texts import whole_run

        run = whole_run(run)
    writer.finish(run, undo=undo)
    made = open_run(writer.target)
    LOG.info("seconds: %s", ", ".join(f"{n} {s:.2f}" for n, s in made.provenance.timings.items()))
    if run.provenance.encoder is not None:
        from selfvec.encoders.run_encoder import keep_encoder

        keep_encoder(run, made)
    return made
