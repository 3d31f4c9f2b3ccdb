"""`taught_encoder`: an encoder in the space of a run's sentence encoder, for questions to vectors of it.

A store may hold a sentence encoder's vectors of passages, p. The rows that the encoder taught to the words of
a run (`selfvec.retrieval.run_student`) put a question near the encoder's vector of it less the mean of the
passages, μ. The store ranks by q · p as by q · (p − μ), because q · μ is the same for all passages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.errors import OptionError, SelfvecError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.refinement.source_runs import source_run, source_vectors
from selfvec.refinement.teacher import general_words
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.folding import fold_rows
from selfvec.retrieval.run_student import student_of


def taught_encoder(run: Run, progress: Progress) -> tuple[Encoder, list[str]]:
    """The rows that a run's sentence encoder taught its words, each times the weight of the word; and notes.

    Words of the initial vectors that the run lacks are known, too, if they were encoded with the run.
    """
    taught = student_of(run, progress)
    described = run.provenance.encoder
    if taught is None or described is None:
        rule = "is encoder only for a run with a sentence encoder that read some of its texts"
        raise OptionError(rule, field="rows", remedy="refine with --encoder")
    words, notes = _initial_words(run)
    unseen, found = taught.unseen.lookup(words)
    others = [words[number] for number in np.flatnonzero(found).tolist()]
    own = taught.student.rows * taught.student.weights[:, None]
    rows = np.concatenate([own, np.float32(taught.unseen_weight) * unseen[found]])
    words, places, rows, split, about = fold_rows(run, taught.words, rows, others)
    student = taught.student
    learned = {"passages": taught.passages, "ridge": student.ridge, "explained": student.explained}
    made = {"encoder": described["name"], "digest": described["digest"], "student": learned}
    return Encoder(words, places, rows, split, about | made), notes


def _initial_words(run: Run) -> tuple[Sequence[str], list[str]]:
    try:
        vectors = source_vectors(source_run(run))
    except SelfvecError as error:
        return (), [f"questions are read by words of the texts only: {error}"]
    return general_words(vectors.index_to_key) if isinstance(vectors, Vectors) else (), []
