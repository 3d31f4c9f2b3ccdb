"""`Pooling`: a word's vector is the mean of its states in a transformer of Hugging Face, over all its uses.

Only this module imports torch and transformers. Weights are read from safetensors files, never from pickles.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.characters import plain
from selfvec.base.errors import CorpusError, FormatError, InputError, OptionError, require
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

from .method import Transform

_LONGEST = 512  # pieces of a window, at most
_BATCH = 32  # windows at a time
_AHEAD = 512  # texts that are cut into windows at a time; windows of similar length share a batch

EncoderSource = Vectors | str | os.PathLike[str]
"""The argument of `FromEncoder.fit_transform`; vectors are refused."""


class FromEncoder(Transform):
    """A method that makes vectors from the folder of an encoder instead of other vectors."""

    def open(self, source: str | os.PathLike[str]) -> Path:
        """The folder, which `fit_transform` opens."""
        return Path(source)


def encoder_folder(given: EncoderSource) -> Path:
    """The given path; raises `InputError` if vectors were given."""
    if isinstance(given, Vectors):
        raise InputError("this method reads the folder of an encoder, not vectors", remedy="name a folder")
    if not Path(given).is_dir():
        raise InputError("is not the folder of an encoder", path=given, remedy="name a local folder")
    return Path(given)


@dataclass(frozen=True)
class Window:
    """A text, or the part of a long text, that the encoder reads at once."""

    text: int  # number of the text
    ends: Ints  # (n,) where each piece ends, in characters of the text
    states: Rows  # (n, d) state of each piece, without special tokens
    first: Rows  # (d,) state of the first token, [CLS] in models that have one


class ContextualEncoder:
    """A transformer that reads texts.

    Parameters
    ----------
    folder : path
        With config.json, model.safetensors and a tokenizer, as ``save_pretrained`` writes it.
    layers : str
        Which layers are averaged, see `layer_weights`.

    Raises
    ------
    MissingExtra
        If transformers or torch is not installed.
    InputError
        If there is no such folder. `FormatError` if it holds no usable model.
    """

    def __init__(self, folder: Path, layers: str = "last4") -> None:
        for library in ("torch", "transformers"):
            require(library, "encoder", "the states of an encoder")
        import torch
        import transformers

        self._torch = torch
        place = _folder(folder)
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(place, local_files_only=True)
            self.model = transformers.AutoModel.from_pretrained(
                place, local_files_only=True, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError) as error:
            raise _unusable(folder, error) from None
        if not self.tokenizer.is_fast:
            rule = "has no tokenizer.json, which gives the position of each piece in the text"
            raise FormatError(rule, path=folder, remedy="convert its tokenizer to a fast one")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        self.weights = layer_weights(layers, int(self.model.config.num_hidden_layers))
        positions = int(getattr(self.model.config, "max_position_embeddings", _LONGEST) or _LONGEST)
        # Positions of RoBERTa begin at 2; its tokenizer accounts for that.
        self.longest = min(_LONGEST, positions, int(self.tokenizer.model_max_length))

    @property
    def dimensions(self) -> int:
        """d."""
        return int(self.model.config.hidden_size)

    def windows(
        self, texts: Sequence[str], advance: Callable[[int], None] = lambda _: None
    ) -> Iterator[Window]:
        """The states of all pieces of all texts; long texts are cut into windows, in no particular order.

        ``advance`` is called with the number of texts done.
        """
        for start in range(0, len(texts), _AHEAD):
            cut = self.tokenizer(
                list(texts[start : start + _AHEAD]),
                truncation=True,
                max_length=self.longest,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )
            order = np.argsort([len(ids) for ids in cut["input_ids"]], kind="stable").tolist()
            for part in range(0, len(order), _BATCH):
                numbers = order[part : part + _BATCH]
                for number, states in zip(numbers, self._states(cut, numbers), strict=True):
                    kept = ~np.array(cut["special_tokens_mask"][number], bool)
                    ends = np.array(cut["offset_mapping"][number], np.int64).reshape(-1, 2)[:, 1]
                    text = start + cut["overflow_to_sample_mapping"][number]
                    yield Window(text, ends[kept], states[kept], states[0])
            advance(min(_AHEAD, len(texts) - start))

    def _states(self, cut: Any, numbers: Sequence[int]) -> Iterator[Rows]:
        """States of the windows with these numbers, (pieces, d) each, special tokens included."""
        names = [name for name in self.tokenizer.model_input_names if name in cut]
        given = {name: [cut[name][number] for number in numbers] for name in names}
        padded = self.tokenizer.pad(given, return_tensors="pt", padding_side="right")
        with self._torch.inference_mode():
            layers = self.model(**padded, output_hidden_states=True).hidden_states
            mixed = sum(weight * layers[layer] for layer, weight in self.weights.items())
        for row, number in zip(mixed.float().numpy(), numbers, strict=True):
            yield row[: len(cut["input_ids"][number])]


def layer_weights(spec: str, layers: int) -> dict[int, float]:
    """The weight of each layer in the average of states; layer 0 are the input embeddings.

    ``last4`` and ``all`` are plain averages (of the embeddings, too), ``first`` is layer 1, a number is that
    layer, and ``0:1,6:2`` are layers and their weights, in proportion.

    >>> layer_weights("last4", 2), layer_weights("first", 12), layer_weights("0:1,6:3", 12)
    ({0: 0.3333333333333333, 1: 0.3333333333333333, 2: 0.3333333333333333}, {1: 1.0}, {0: 0.25, 6: 0.75})
    """
    named = {"last4": range(max(0, layers - 3), layers + 1), "all": range(layers + 1), "first": range(1, 2)}
    try:
        if spec in named:
            chosen = dict.fromkeys(named[spec], 1.0)
        else:
            parts = [part.partition(":") for part in spec.split(",")]
            chosen = {int(layer): float(weight or 1) for layer, _, weight in parts}
    except ValueError:
        chosen = {}
    total = sum(chosen.values())
    if not chosen or not all(0 <= layer <= layers for layer in chosen) or not 0 < total < float("inf"):
        rule = f"is last4, all, first, a layer from 0 to {layers}, or LAYER:WEIGHT,..., not {spec!r}"
        raise OptionError(rule, field="layers", remedy="layer 0 are the input embeddings")
    return {layer: weight / total for layer, weight in chosen.items()}


def sentence_encoder(model: str | Path) -> Any:
    """A function from texts to (n, d) float32 unit rows: a model of sentence-transformers on this machine.

    Its second argument is called with the number of texts done. In a folder without the files of that library
    the last states of all tokens are averaged.
    """
    require("sentence_transformers", "encoder", "an encoder of texts")
    from sentence_transformers import SentenceTransformer

    try:
        loaded = SentenceTransformer(str(model), local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(Path(model), error) from None

    def encode(texts: Sequence[str], advance: Callable[[int], None] = lambda _: None) -> Rows:
        parts = [np.zeros((0, 0), np.float32)] if not texts else []
        for start in range(0, len(texts), _AHEAD):
            part = list(texts[start : start + _AHEAD])
            parts.append(np.asarray(loaded.encode(part, show_progress_bar=False), np.float32))
            advance(len(part))
        return unit_rows(np.concatenate(parts))

    return encode


def _folder(folder: Path) -> Path:
    """Where config.json is: the folder, or the first module of a folder of sentence-transformers."""
    for place in (folder, folder / "0_Transformer"):
        if (place / "config.json").is_file():
            return place
    rule = "is not the folder of an encoder: it has no config.json"
    raise InputError(rule, path=folder, remedy="name a folder that save_pretrained wrote")


def _unusable(folder: Path, error: Exception) -> FormatError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    remedy = "give a local folder with config.json, model.safetensors and tokenizer.json"
    return FormatError(f"cannot be loaded: {reason}", path=folder, remedy=remedy)


# ---- The texts of a corpus, and the positions of their words


Texts = Corpus | Sequence[str | os.PathLike[str]]
"""A corpus, or the paths of its files and folders."""


@dataclass(frozen=True)
class CorpusWords:
    """D texts and their N words that are frequent enough."""

    texts: list[str]  # D
    batch: TokenBatch  # types by falling frequency, in lower case
    spans: Ints  # (N, 2) where each word starts and ends, in characters of its text


def read_words(corpus: Texts, text_field: str | None, min_count: int) -> CorpusWords:
    """Read texts and find their words, as ``refine --tokenizer words`` does without vectors.

    Raises `CorpusError` if no word occurs ``min_count`` times.
    """
    from selfvec.text.tokenizers import find_words

    if not isinstance(corpus, Corpus):
        corpus = as_corpus(corpus, "corpus", text_field=text_field, keep_fields=False)
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
    found = find_words(texts)
    index: dict[str, int] = {}
    keys = np.array([index.setdefault(plain(word).lower(), len(index)) for word in found.names], np.int32)
    whole = by_frequency(TokenBatch(found.ids, found.bounds, found.names).renumbered(keys, list(index)))
    size = int((whole.counts >= min_count).sum())
    if not size:
        raise CorpusError(f"no word occurs {min_count} times", remedy="lower --min-count or bring more text")
    numbers = np.arange(len(whole.types), dtype=np.int32)
    batch = whole.renumbered(np.where(numbers < size, numbers, np.int32(-1)), whole.types[:size])
    return CorpusWords(texts, batch, np.stack([found.starts, found.ends], axis=1)[whole.ids < size])


# ---- Pooling


class Pooling(FromEncoder):
    """Average a language model's states over occurrences.

    Bommasani, Davis and Cardie (2020), section 3. The state of an occurrence is the mean over the word's
    pieces; the vector of a word is the mean over its occurrences. A piece belongs to the word in which it
    ends.

    Parameters
    ----------
    corpus : path, paths, texts or Corpus
        Files or folders of text, whose words are the vocabulary.
    layers : str
        Layers that are averaged: last4, all, first, a number, or numbers with weights.
    pooling : {"mean", "cls"}
        States of a word's pieces, or of the text's first token.
    min_count : int, at least 1
        Leave out words that occur less often.
    text_field : str, optional
        Fields that hold the text, separated by commas.
    """

    corpus: Texts
    layers: str = "last4"
    pooling: str = "mean"
    min_count: int = 1
    text_field: str | None = None

    def fit_transform(self, vectors: EncoderSource) -> Vectors:
        """Vectors (V, d) of the words of the corpus, from the folder of an encoder."""
        encoder = ContextualEncoder(encoder_folder(vectors), self.layers)
        words = read_words(self.corpus, self.text_field, self.min_count)
        batch = words.batch
        bounds = batch.offsets.tolist()
        sums = np.zeros((len(batch.types), encoder.dimensions), np.float32)
        occurrences = np.zeros(len(batch.types), np.int64)
        with self.progress.stage("Encoding", len(words.texts), "texts") as advance:
            for window in encoder.windows(words.texts, advance):
                mine = slice(bounds[window.text], bounds[window.text + 1])
                places, states = word_states(window, words.spans[mine])
                ids = batch.ids[mine][places]
                np.add.at(sums, ids, states if self.pooling == "mean" else window.first)
                np.add.at(occurrences, ids, 1)
        sources = np.where(occurrences > 0, Source.KNOWN, Source.NONE).astype(np.uint8)
        self.report_ = {"texts": len(words.texts), "uses": int(occurrences.sum())}
        rows = sums / np.maximum(occurrences, 1).astype(np.float32)[:, None]
        return Vectors(batch.types, rows, sources=sources, counts=batch.counts)


def word_states(
    window: Window,
    spans: Ints,  # (N, 2) where the words of its text start and end, in characters
) -> tuple[Ints, Floats]:
    """The words of a text that are in a window, (n,), and the mean state of the pieces of each, (n, d)."""
    last = window.ends - 1  # the last character of each piece
    owners = np.searchsorted(spans[:, 0], last, side="right") - 1
    inside = np.flatnonzero((window.ends > 0) & (owners >= 0))
    inside = inside[last[inside] < spans[owners[inside], 1]]
    places, first, pieces = np.unique(owners[inside], return_index=True, return_counts=True)
    if not len(places):
        return places, window.states[:0]
    sums: Floats = np.add.reduceat(window.states[inside], first)
    return places, sums / pieces.astype(np.float32)[:, None]
