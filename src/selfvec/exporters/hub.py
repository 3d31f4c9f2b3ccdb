"""A run as a repository of the Hugging Face hub: a folder of model2vec, and a card with what was measured.

The repository is private until its owner makes it public: the tokenizer lists the words of the texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError, TargetError
from selfvec.base.progress import Progress
from selfvec.base.versions import __version__
from selfvec.data.run import Run

PREFIX = "hub:"  # of the targets

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
On texts that were held out. *Self-retrieval*: a text is parted into two halves without a common word; the \
figure is the share of other halves that are less similar to one than its own other half, and chance is .5. \
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
    from huggingface_hub.errors import HFValidationError

    api = HfApi(library_name="selfvec", library_version=__version__)
    target = f"{api.endpoint}/{name}"
    try:
        with _reaching(target):
            exists = api.repo_exists(name)
    except HFValidationError:
        raise OptionError(f"is hub:OWNER/NAME, not {PREFIX + name!r}", field="to") from None
    if exists and not overwrite:
        raise TargetError(
            "exists already", path=target, remedy="choose another name, or add a commit with --overwrite"
        )
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "model")
        details = write(run, folder, progress)
        (folder / "README.md").write_text(card(run, name, details.get("learned")), encoding="utf-8")
        with _reaching(target), progress.stage("Uploading", None, "files"), _without_bars():
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
    """Paragraphs on the held-out tests, as far as they were made."""
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
            f"held-out passage finds the rest of its document at place {after:.1f}, before at {before:.1f} "
            "(harmonic means)."
        )


@contextmanager
def _reaching(target: str) -> Iterator[None]:
    """One error for a hub that cannot be reached or refuses."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except HFValidationError:
        raise
    except Exception as error:  # of whichever HTTP library the client uses
        refused = isinstance(error, HfHubHTTPError)
        rule = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        remedy = "log in with: hf auth login" if refused else "check the connection, or set HF_ENDPOINT"
        raise TargetError(f"cannot write: {rule}", path=target, remedy=remedy) from error


@contextmanager
def _without_bars() -> Iterator[None]:
    """Without progress bars beside ours."""
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
