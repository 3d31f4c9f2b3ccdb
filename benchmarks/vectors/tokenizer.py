"""A new tokenizer for vectors of tokens: words built from its tokens, on sets of similarity.

The table is that of the package wordllama, and the new tokenizer has 16,000 pieces learned from the
PubMed abstracts. Rows of new tokens come from GoogleNews and from old tokens, or from a student of MiniLM
that learned from a sample of the abstracts; the baselines have the mean row, or the mean of old tokens alone
(Gee et al. 2022). Words that become tokens are those that the old one cuts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, records, sample
from benchmarks.quality.encoder import ENCODER
from benchmarks.vectors import Row, verdict
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Similarity
from selfvec.lab.evaluation.report import Report
from selfvec.lab.transforms.tokenizer_transfer import NewRows, TokenizerTransfer, Tokens
from selfvec.storage.formats.subwords import SubwordRows

SETS = ("similarity_bio/umnsrs_similarity", "similarity/men3000", "similarity/rw2034")
SIZE, ADDED = 16_000, 5_000
READ = 3_000  # abstracts, from which the student learns
GOOGLE = "--vectors google.bin "
STUDENT = "--vectors student.safetensors --tokenizer tokenizer.json  # after vectors distill minilm TEXT"


def rows() -> Iterator[Row]:
    """Rows of a new tokenizer against two baselines, and of words added to the old one."""
    google = selfvec.load(GOOGLENEWS)
    default = selfvec.load("default")
    old = default.composer
    assert isinstance(old, SubwordRows)
    new = learned_tokenizer()
    made = NewRows.of(Tokens(old.tokenizer), Tokens(new), google, google)
    none = made.by_vector[:0]
    alone = replace(made, by_vector=none, near=made.near[:0], weights=made.weights[:0], asked=made.asked[:0])
    mean = replace(alone, pieces=[[] for _ in made.pieces])
    student = selfvec.distill(ENCODER, sample([row["text"] for row in records("PubMed")], READ))
    ways = {
        "the mean row for new tokens": mean,
        "the mean of old tokens": alone,
        "transferred": made,
        "by the student": NewRows.of(Tokens(old.tokenizer), Tokens(new), student, student),
    }
    tables: dict[str, Vectors | str] = {name: table(old, new, how) for name, how in ways.items()}
    tables["the old tokenizer"] = "default"
    tables["with words"] = TokenizerTransfer(google, add_words=ADDED).fit_transform(default)
    report = selfvec.evaluate(tables, [Similarity(SHARED_DATA / f"{name}.tsv") for name in SETS])
    kept = f"{made.counts()['kept']:,} of {SIZE:,} tokens keep their row; the old tokenizer has "
    for name in SETS:
        task = name.rpartition("/")[2]
        value = {r["vectors"]: r["value"] for r in report.rows if r["task"] == task}
        for item, baseline, result, option, more in (
            *(
                ("A new tokenizer", one, "transferred", GOOGLE + "--tokenizer tokenizer.json", kept)
                for one in list(ways)[:2]
            ),
            *(
                ("A new tokenizer, by a student", one, "by the student", STUDENT, kept)
                for one in list(ways)[1:3]
            ),
            ("Words as new tokens", "the old tokenizer", "with words", GOOGLE + f"--add-words {ADDED}", ""),
        ):
            low, high = interval(report, task, baseline, result)
            note = verdict(low, high, ("", "no better", "worse"))
            more = more and f"{more}{value['the old tokenizer']:.3f}"
            yield Row(
                item,
                "Minixhofer et al. 2022; Gee et al. 2022",
                f"selfvec vectors tokenizer MODEL -o OUT {option}",
                f"{task}, Spearman",
                baseline,
                value[baseline],
                value[result],
                low,
                high,
                "; ".join(filter(None, (note, more))),
            )


def interval(report: Report, task: str, baseline: str, result: str) -> tuple[float, float]:
    """The interval of the difference of two tables."""
    for one in report.comparisons:
        if one["task"] == task and {one["vectors_a"], one["vectors_b"]} == {baseline, result}:
            turned = one["vectors_a"] == baseline
            return (-one["high"], -one["low"]) if turned else (one["low"], one["high"])
    raise KeyError(baseline, result)


def learned_tokenizer() -> Any:
    """A WordPiece tokenizer of the abstracts, in lower case."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    texts = [row["text"] for row in records("PubMed")]
    new = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    new.normalizer = normalizers.Lowercase()
    new.pre_tokenizer = pre_tokenizers.Whitespace()
    new.decoder = decoders.WordPiece()
    new.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=["[UNK]"]))
    return new


def table(old: SubwordRows, new: Any, made: NewRows) -> Vectors:
    """The words of the new tokenizer; others are composed from its tokens."""
    found = made.estimate(np.asarray(old.rows[: made.old], np.float32))
    composer = SubwordRows(new, found, pool=old.pool, lower=old.lower)
    words, tokens = composer.whole_words()
    return Vectors(words, found[tokens], composer=composer)
