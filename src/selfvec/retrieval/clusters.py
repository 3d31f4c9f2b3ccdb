"""`Clusters`: where near documents are looked for in a collection of hundreds of thousands.

The vectors of documents are divided by k-means. A question is compared with the documents of the clusters
whose centres are nearest to it (an inverted file; Jégou, Douze and Schmid, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Ids, Ints, Rows
from selfvec.base.threads import one_core
from selfvec.numerics.kmeans import lloyd

FROM = 200_000  # documents and passages; fewer are all compared
NUMBER = 1024  # clusters
# Clusters that a question is compared with; in the hybrid, words find documents, too. What they miss is in
# docs/results/speed.md.
PROBED = {"hybrid": 32, "dense": 96}
_ROUNDS = 8  # of k-means


@dataclass(frozen=True, eq=False)
class Clusters:
    """Units by cluster."""

    centres: Rows  # (K, d)
    starts: Ints  # (K + 1,) of each cluster among the members
    members: Ids  # (U,) units

    @classmethod
    def of(cls, centres: Rows, homes: Ids) -> Clusters:
        """From centres and the cluster of each unit, (U,)."""
        sizes = np.bincount(homes, minlength=len(centres))
        members = np.argsort(homes, kind="stable").astype(np.int32)
        return cls(centres, np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), members)

    @classmethod
    def none(cls, dimensions: int) -> Clusters:
        """Of a collection whose documents are all compared."""
        nothing = np.zeros((0, dimensions), np.float32)
        return cls(nothing, np.zeros(1, np.int64), np.zeros(0, np.int32))

    def near(self, query: Rows, mode: str) -> Ids:
        """The units of the clusters nearest to a question, (d,)."""
        order = np.argsort(-(self.centres @ query), kind="stable")[: PROBED[mode]]
        return np.concatenate([self.members[self.starts[k] : self.starts[k + 1]] for k in order.tolist()])


def centres_of(sample: Rows, seed: int = 0) -> Rows:
    """Centres of clusters, (K, d), from some unit vectors, (P, d)."""
    number = min(NUMBER, len(sample))
    first = sample[np.random.default_rng(seed).permutation(len(sample))[:number]]
    with one_core():
        return np.ascontiguousarray(lloyd(sample, first, spherical=True, rounds=_ROUNDS)[1], np.float32)
