"""gensim and fastText as their users train on from given vectors; `continued` starts each as a process.

Arguments: a text with a document per line, word2vec's binary file of the initial vectors, a file to write,
seed, window, learning rate, passes.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

LETTERS = 5  # of fastText's n-grams, as in the vectors that its authors publish
BUCKETS = 1 << 18  # of fastText's n-grams; its default of 2,000,000 would be mostly empty


def gensim(text: str, start: str, out: str, seed: int, window: int, rate: float, passes: int) -> None:
    """Skip-gram that begins with the words and rows of a word2vec file, then takes in the text's words."""
    from gensim.models import KeyedVectors, Word2Vec
    from gensim.models.word2vec import LineSentence

    given = KeyedVectors.load_word2vec_format(start, binary=True)
    model = Word2Vec(
        sg=1,
        vector_size=given.vector_size,
        window=window,
        alpha=rate,
        min_count=1,
        workers=os.cpu_count() or 1,
        seed=seed + 1,
    )
    model.build_vocab([given.index_to_key])
    model.wv.vectors[:] = given[model.wv.index_to_key]
    model.build_vocab(LineSentence(text), update=True)
    model.train(LineSentence(text), total_examples=model.corpus_count, epochs=passes)
    np.savez(out, words=np.array(model.wv.index_to_key), rows=model.wv.vectors)


def fasttext(text: str, start: str, out: str, seed: int, window: int, rate: float, passes: int) -> None:
    """fastText's skip-gram with its `-pretrainedVectors`, a text file; it takes no seed."""
    del seed
    import fasttext as library
    from gensim.models import KeyedVectors

    given = KeyedVectors.load_word2vec_format(start, binary=True)
    given.save_word2vec_format(f"{out}.vec")
    model = library.train_unsupervised(
        text,
        model="skipgram",
        dim=given.vector_size,
        ws=window,
        lr=rate,
        epoch=passes,
        minCount=1,
        minn=LETTERS,
        maxn=LETTERS,
        bucket=BUCKETS,
        thread=os.cpu_count() or 1,
        pretrainedVectors=f"{out}.vec",
        verbose=0,
    )
    words = [word for word in model.get_words() if word != "</s>"]
    np.savez(out, words=np.array(words), rows=np.array([model.get_word_vector(word) for word in words]))


if __name__ == "__main__":
    {"gensim": gensim, "fasttext": fasttext}[sys.argv[1]](*json.loads(sys.argv[2]))
