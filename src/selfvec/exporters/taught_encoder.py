"""`taught_encoder`: an encoder in the space of a run's sentence encoder, for questions to vectors of it.

A store may hold a sentence encoder's vectors of passages, p. The rows that the encoder taught to the words of
a run (`selfvec.retrieval.run_student`) put a question near the encoder's vector of it less the mean of the
passages, μ. The store ranks by q · p as by q · (p − μ), because q · μ is the same for all passages.
"""

from __future__ import annotations

import numpy as np

from selfvec.base.errors import OptionError, SelfvecError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.folding import fold_rows
from selfvec.retrieval.run_student import student_of
from selfvec.storage.formats import load
from selfvec.storage.public_vectors import locate
from selfvec.training import FROM_TEXT


def taught_encoder(run: Run, progress: Progress) -> tuple[Encoder, list[str]]:
    """The rows that a run's sentence encoder taught its words, each times the weight of the word; and notes.

    Words of the initial vectors that the run lacks are known, too, if they were encoded with the run.

    Raises
    ------
    OptionError
        If the run has no sentence encoder, or has pieces of words.
    """
    student = student_of(run, progress)
    encoded = encoded_texts_of(run)
    if student is None or encoded is None:
        rule = "is encoder only for a run with a sentence encoder that read some of its texts"
        raise OptionError(rule, field="rows", remedy="refine with --encoder")
    words, notes = _initial_words(run)
    alone, found = encoded.lookup(words)
    others = [words[number] for number in np.flatnonzero(found).tolist()]
    unseen = student.unseen_weight * student.unseen_rows(alone[found])
    rows = np.concatenate([student.rows * student.weights[:, None], unseen])
    words, places, rows, split, about = fold_rows(run, student.words, rows, others)
    made = {"encoder": encoded.encoder, "digest": encoded.digest, "student": student.about}
    return Encoder(words, places, rows, split, about | made), notes


def _initial_words(run: Run) -> tuple[list[str], list[str]]:
    """The words of the vectors that a run began with, and a note if there are none."""
    name = str(run.provenance.vectors.get("name", ""))
    try:
        return load(locate(name)).index_to_key, []
    except SelfvecError:
        rule = f"only words of the texts are known: the initial vectors, {name!r}, cannot be read again"
        return [], [] if name in FROM_TEXT else [rule]
