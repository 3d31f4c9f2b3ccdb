"""A small run made once, for tests of encoders and exports: 240 reports, vectors of 24 dimensions."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from tests.rows import normal_vectors

import selfvec
from selfvec.data.run import Run

DIMENSIONS = 24


def texts() -> list[str]:
    things = ["hail", "wind", "tornado", "flood", "snow", "lightning", "café owners", "the county's crew"]
    acts = ["broke windows at", "closed", "damaged roofs near", "blew over", "hit", "was reported from"]
    places = ["farm", "village", "road", "bridge", "school", "river", "Ohio", "airport"]
    return [
        f"{things[i % 8]} {acts[i % 6]} the {places[(i * 3 + i // 8) % 8]} on day {i % 20}, 1.75 in. deep."
        for i in range(240)
    ]


def refined(documents: Sequence[str | dict[str, Any]], **options: Any) -> Run:
    """From random vectors of all words, lower-cased, and of what stands between white space."""
    texts = [one if isinstance(one, str) else one["text"] for one in documents]
    words = {word for text in texts for word in text.lower().split()}
    words |= {word.strip(".,").removesuffix("'s") for word in words}
    table = normal_vectors(sorted(words), DIMENSIONS)
    return selfvec.Refiner(method="decorrelated", **options).fit(documents, table).run_


@cache
def report_run() -> Run:
    return refined(texts())


@cache
def report_encoder() -> selfvec.Encoder:
    return selfvec.Encoder.of(report_run())
