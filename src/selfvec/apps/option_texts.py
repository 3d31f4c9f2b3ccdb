"""What the options that command line, page and assistant share mean, in one sentence each."""

from __future__ import annotations

QUERY = "A question or some words."
MODE = "Use words and vectors, words only, or vectors only."
FILTERS = "Only documents with this value or date; may be repeated."
FILTER_FORM = "As state=IOWA, size=2..5 or date=1996..1998; several on one field are alternatives."
KIND = "Words that go with the word, or that can replace it."
MIN_COUNT = "Leave out words that occur less often."
BETWEEN = "The two slices. Dates as 1976..1979, 2020-05, 2020Q2, 2000.., or labels."
