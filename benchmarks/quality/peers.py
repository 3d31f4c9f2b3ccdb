"""gensim and fastText as their users train on from given vectors; `trained_on` starts each as a process.

Arguments: a text with a document per line, initial rows of its words (npz: words, rows), a file to write,
seed, window, learning rate, passes. Words of the text that have no row begin as the tool begins them. One
thread, so that gensim gives the same rows again.
"""

from __future__ import annotations

import json
import sys

import numpy as np

LETTERS = 5  # of fastText's n-grams, as in the vectors that its authors publish
BUCKETS = 1 << 18  # of fastText's n-grams; its default of 2,000,000 would be mostly empty


def gensim(text: str, start: str, out: str, seed: int, window: int, rate: float, passes: int) -> None:
    """Skip-gram whose input rows are those given."""
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    with np.load(start) as given:
        words, rows = given["words"].tolist(), given["rows"]
    model = Word2Vec(
        sg=1, vector_size=rows.shape[1], window=window, alpha=rate, min_count=1, workers=1, seed=seed + 1
    )
    model.build_vocab(LineSentence(text))
    model.wv.vectors[[model.wv.key_to_index[word] for word in words]] = rows
    model.train(LineSentence(text), total_examples=model.corpus_count, epochs=passes)
    np.savez(out, words=np.array(model.wv.index_to_key), rows=model.wv.vectors)


def fasttext(text: str, start: str, out: str, seed: int, window: int, rate: float, passes: int) -> None:
    """fastText's skip-gram with its `-pretrainedVectors`, a text file; it takes no seed."""
    del seed
    import fasttext as library
    from gensim.models import KeyedVectors

    with np.load(start) as given:
        size = given["rows"].shape[1]
        vectors = KeyedVectors(size)
        vectors.add_vectors(given["words"].tolist(), given["rows"])
    vectors.save_word2vec_format(f"{out}.vec")
    model = library.train_unsupervised(
        text,
        model="skipgram",
        dim=size,
        ws=window,
        lr=rate,
        epoch=passes,
        minCount=1,
        minn=LETTERS,
        maxn=LETTERS,
        bucket=BUCKETS,
        thread=1,
        pretrainedVectors=f"{out}.vec",
        verbose=0,
    )
    words = [word for word in model.get_words() if word != "</s>"]
    np.savez(out, words=np.array(words), rows=np.array([model.get_word_vector(word) for word in words]))


if __name__ == "__main__":
    {"gensim": gensim, "fasttext": fasttext}[sys.argv[1]](*json.loads(sys.argv[2]))
