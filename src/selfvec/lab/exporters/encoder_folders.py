"""Encoders as folders of model2vec and sentence-transformers, with a ``tokenizer.json``, or on a hub.

Both libraries take the mean of a text's token rows at length 1, which is the direction of the encoder's sum.
The ``tokenizers`` library first normalises a whole text and then cuts it by a regular expression. This module
writes both steps, so that the words are exactly those of Selfvec. Characters are listed by code point from
our own table, because the meaning of ``\\p{L}`` depends on the Unicode version of a library.

A repository of the Hugging Face hub is such a folder and a card with what was measured. It is private until
its owner makes it public: the tokenizer lists the words of the texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.casing import DOTTED, letters_of
from selfvec.base.characters import APOSTROPHES, REMOVED
from selfvec.base.errors import OptionError, TargetError
from selfvec.base.progress import Progress
from selfvec.base.versions import __version__
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.word_lookup import FINAL_SIGMA, signs
from selfvec.retrieval.inverse_cloze import learn
from selfvec.storage.formats.model2vec import with_unknown, word_level_tokenizer, write_encoder_folder
from selfvec.storage.formats.subwords import load_tokenizer
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.kernels import APOSTROPHE, DIGIT, POINT, SPACE, STRONG, WORD, table
from selfvec.text.languages import elision, language
from selfvec.text.preprocessing import Preprocessing

Library = Literal["model2vec", "sentence-transformers"]
UNKNOWN = "[UNK]"  # never a word: brackets separate words, and words have no capitals


def write_encoder(encoder: Encoder, folder: Path, library: Library) -> None:
    """Write a new folder that the library loads."""
    if language(encoder.language).segmenter:
        name = language(encoder.language).name
        rule = f"{library} has no tokenizer that cuts {name} text into words"
        raise OptionError(rule, field="to", remedy="export --to encoder, or refine with a tokenizer.json")
    folder.mkdir()
    rows = with_unknown(encoder.rows[encoder.places])
    write_encoder_folder(folder, rows, tokenizer_json(encoder), normalize=True, library=library)


def write_piece_encoder(run: Run, folder: Path, library: Library, progress: Progress | None = None) -> int:
    """Write an encoder of a run of pieces, with the run's tokenizer; return its number of tokens.

    A piece's row is its refined vector, learned further from the run's texts
    (`selfvec.retrieval.inverse_cloze`), times its inverse document frequency; unseen pieces have weight 0.
    """
    path = Path(Preprocessing.of(run.provenance).tokenizer)
    tokenizer = load_tokenizer(path / "tokenizer.json" if path.is_dir() else path)
    batch = run.require_tokens("which an encoder of pieces needs")
    weights = inverse_document_frequency(batch)
    learned, _ = learn(batch, np.asarray(run.vectors.unit), weights, progress=progress)
    rows = np.zeros((tokenizer.get_vocab_size(), run.vectors.vector_size), np.float32)
    places = [tokenizer.token_to_id(token) for token in batch.types]
    kept = np.array([place is not None for place in places], bool)
    rows[[place for place in places if place is not None]] = (learned * weights[:, None])[kept]
    folder.mkdir()
    write_encoder_folder(folder, rows, tokenizer.to_str(), normalize=True, library=library)
    return len(rows)


def tokenizer_json(encoder: Encoder) -> str:
    """The JSON of a tokeniser that maps every word of an encoder to its number, and all others to V.

    It finds the same words as an `Encoder` in every text whose characters are known to this Python's Unicode.
    """
    dotted = {"İ": "i", "I": "ı"} if encoder.language in DOTTED else {}
    normalizers = [_replace({"Regex": f"[{APOSTROPHES}]"}, "'")]
    normalizers += [_replace({"Regex": one.pattern}, " ") for one in signs()]
    normalizers += [{"type": "NFKC"}]
    letters = dotted | letters_of(encoder.language)
    normalizers += [_replace({"String": old}, new) for old, new in letters.items()]
    normalizers += [{"type": "Lowercase"}, _replace({"String": FINAL_SIGMA[0]}, FINAL_SIGMA[1])]
    normalizers += [_replace({"Regex": REMOVED.pattern}, ""), {"type": "NFC"}]
    elided = elision(encoder.language, f"[{_listed('words', WORD)}]")
    normalizers += [_replace({"Regex": elided}, "")] if elided else []
    if encoder.split == "words":
        normalizers += [_replace({"Regex": possessive()}, "")]
    return word_level_tokenizer(
        encoder.words,
        UNKNOWN,
        {"type": "Sequence", "normalizers": normalizers},
        {
            "type": "Split",
            "pattern": {"Regex": token(encoder.split)},
            "behavior": "Removed",
            "invert": True,
        },
    )


def token(split: str) -> str:
    """A regular expression that finds the tokens of `selfvec.text.kernels.spans`.

    It also finds runs without a letter or number, which no vocabulary contains.
    """
    if split == "whitespace":
        return f"[^{_listed(split, SPACE)}]+"
    word = f"[{_listed(split, WORD)}]"
    first = f"[{_listed(split, STRONG)}_]"
    digit = f"[{_listed(split, DIGIT)}]"
    apostrophe = f"[{_listed(split, APOSTROPHE)}]"
    point = f"[{_listed(split, POINT)}]"
    return f"{first}{word}*(?:(?:{apostrophe}|(?<={digit}){point}(?={digit})){word}+)*"


def possessive() -> str:
    """A regular expression that finds *'s* at the end of a word."""
    word = f"[{_listed('words', WORD)}]"
    return f"(?<={word})'s(?!{word}|[{_listed('words', APOSTROPHE)}]{word})"


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _listed(split: str, flag: int) -> str:
    """The characters that have a flag, as the inside of a bracket expression."""
    listed = np.concatenate(([False], table(split) & flag != 0, [False]))
    edges = np.flatnonzero(listed[1:] != listed[:-1]).reshape(-1, 2).tolist()
    return "".join(
        rf"\x{{{first:X}}}" + (rf"-\x{{{last - 1:X}}}" if last - first > 1 else "") for first, last in edges
    )


# ---- A repository of the hub


HUB = "hub:"  # of the targets

_CARD = """\
---
library_name: model2vec
tags: [model2vec, sentence-transformers, static-embeddings, sentence-similarity, selfvec]
{language}---
# {name}

Static embeddings of words, {dimensions} dimensions, adapted to a collection of {documents:,} documents with \
{tokens:,} words, {types:,} of them different. They turn a text into a vector without a neural network.

```python
from model2vec import StaticModel

model = StaticModel.from_pretrained("{name}")
vectors = model.encode(["a text", "another text"])  # unit rows: products are cosines
```

`sentence_transformers.SentenceTransformer("{name}")` gives the same vectors.

## What was measured

{measured}

## How it was made

* Initial vectors: {initial}.
* Words: {known:,} have a row in the initial vectors, and {others:,} rows were made from subwords or contexts.
* Method: {method}, window {window}, passes {passes}, seed {seed}; Selfvec {version}.

The texts are not in this repository. Their words are: `tokenizer.json` lists them. The model knows one \
language and one subject, and no word order. Its licence is that of the initial vectors and of the texts.
"""

_TABLE = """\
Measured on held-out texts. *Self-retrieval*: each text is split into two halves that share no word; the \
figure is the share of mismatched halves that match worse than its own two, and chance is .5. \
*Context*: a word is found among 63 others of its frequency by the words around it (mean reciprocal rank).

| vectors | self-retrieval | context |
|---|---:|---:|
"""


def push(
    run: Run,
    name: str,  # of the repository: OWNER/NAME
    write: Callable[[Run, Path, Progress], dict[str, Any]],  # the encoder, into a new folder
    overwrite: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Create a private repository, or with ``overwrite`` add a commit to one; return what `export` tells."""
    from huggingface_hub import HfApi

    api = HfApi(library_name="selfvec", library_version=__version__)
    target = f"{api.endpoint}/{name}"
    with _reaching(target, name):
        exists = api.repo_exists(name)
    if exists and not overwrite:
        raise TargetError(
            "exists already", path=target, remedy="choose another name, or add a commit with --overwrite"
        )
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "model")
        details = write(run, folder, progress)
        (folder / "README.md").write_text(card(run, name, details.get("learned")), encoding="utf-8")
        with _reaching(target, name), progress.stage("Uploading", None, "files"), _without_bars():
            api.create_repo(name, private=True, exist_ok=exists)
            try:
                api.upload_folder(repo_id=name, folder_path=folder, commit_message=f"Selfvec {__version__}")
            except BaseException:
                if not exists:
                    with suppress(OSError):
                        api.delete_repo(name)
                raise
    return {"to": "hub", "target": target, "repository": name, **details}


def card(run: Run, name: str, learned: dict[str, Any] | None = None) -> str:
    """The README.md of a repository, in Markdown; ``learned`` is what the encoder records of its learning."""
    made = run.provenance
    language = made.options.get("language")
    known = int(made.coverage.get("types", {}).get("known", 0))
    package = made.vectors.get("package")
    return _CARD.format(
        name=name,
        language=f"language: {language}\n" if language else "",
        dimensions=run.vectors.vector_size,
        documents=made.documents or 0,
        tokens=made.tokens or 0,
        types=len(run.vectors),
        measured="\n\n".join(_measured(run, learned)),
        initial=f"{made.vectors.get('name', 'none')}{f' of {package}' if package else ''}",
        known=known,
        others=len(run.vectors) - known,
        method=made.method,
        window=made.window,
        passes=made.passes,
        seed=made.seed,
        version=made.environment.get("selfvec", __version__),
    )


def _measured(run: Run, learned: dict[str, Any] | None) -> Iterator[str]:
    candidates = (run.provenance.decision or {}).get("candidates", ())
    figures = [row for row in candidates if row.get("self_retrieval") is not None]
    if figures:
        chosen = run.provenance.method
        cells = [
            f"| {row['name']}{' (chosen)' if row['name'] == chosen else ''} "
            f"| {row['self_retrieval']:.3f} | {row['context']:.3f} |"
            for row in figures
        ]
        yield _TABLE + "\n".join(cells)
    else:
        yield "No method was compared with another on held-out text."
    if learned and learned.get("steps"):
        before, after = (1 / learned[when]["rank"] for when in ("before", "after"))
        yield (
            f"Rows then learned from {learned['documents']:,} documents which passages belong together: a "
            f"held-out passage finds its own document at rank {after:.1f} (before: {before:.1f}; harmonic "
            "means)."
        )


@contextmanager
def _reaching(target: str, name: str) -> Iterator[None]:
    """One error for a hub that cannot be reached or refuses, and one for a name that it could not have."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HFValidationError:
        raise OptionError(f"is hub:OWNER/NAME, not {HUB + name!r}", field="to") from None
    except Exception as error:  # of whichever HTTP library the client uses
        refused = isinstance(error, HfHubHTTPError)
        rule = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        remedy = "log in with: hf auth login" if refused else "check the connection, or set HF_ENDPOINT"
        raise TargetError(f"cannot write: {rule}", path=target, remedy=remedy) from error


@contextmanager
def _without_bars() -> Iterator[None]:
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    quiet = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not quiet:
            enable_progress_bars()
