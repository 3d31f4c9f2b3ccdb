"""The passages that a run would have an encoder read, and their vectors by one that needs no model."""

from collections.abc import Sequence

from tests.encoders.toy import WordSums

from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.retrieval.documents import gather


def passages_of(run: Run) -> list[str]:
    """The short documents of a run, and the passages of the long ones."""
    found = gather(run)
    texts = []
    for text, spans in zip(found.texts, found.spans(), strict=True):
        texts += [text[a:b] for a, b in spans] or [text]
    return texts


def encoded(texts: Sequence[str]) -> EncodedTexts:
    """The vectors of texts as a run keeps them."""
    encoder = WordSums()
    return EncodedTexts.none_of(encoder).adding(encoder, texts)
