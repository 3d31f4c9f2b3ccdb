"""The usual names of the fields of texts, titles, dates and ids, in several languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

# The usual names, best first, as `name_key` writes them: Created-At, createdAt and created_at are one name.
TITLES = tuple(
    """title headline subject heading headline_text post_title review_title
    titel titre titulo título titolo betreff""".split()  # noqa: SIM905
)
TEXTS = tuple(
    """text body content contents narrative event_narrative episode_narrative abstract full_text selftext
    body_text article_body article_text review_text review_body review_content comment_text comment_body
    post_text post_body tweet_text message_text message_body raw_text plain_text doc_text document_text
    clean_text cleaned_text description message review document article report note notes comment post tweet
    sentence feedback customer_feedback transcript transcription speech utterance statement complaint
    consumer_complaint_narrative verbatim remarks answer response open_ended_response caption passage
    paragraph story lyrics short_description long_description job_description product_description
    item_description overview plot synopsis summary question comments
    texte texto testo tekst beschreibung nachricht kommentar commentaire comentario mensaje inhalt contenu
    contenido""".split()  # noqa: SIM905
)
DIVIDED = ("episode_narrative", "event_narrative")
"""The two halves of one report, as NOAA's tables of storms divide it: where both are there, both are text."""
DATES = tuple(
    """date datetime timestamp published published_at publication_date pub_date created_at created
    created_utc ts posted_at event_date incident_date report_date begin_date begin_date_time year
    publication_year datum fecha dato дата 日期 日付
    zeitstempel horodateur marca_temporal informazioni_cronologiche""".split()  # noqa: SIM905
)
"""The last two lines are those of forms and tables in other languages."""
IDS = ("_id", "id", "doc_id", "document_id", "event_id", "pmid", "uuid")


@lru_cache(1 << 12)
def name_key(name: str) -> str:
    """A name without regard to case, blanks and punctuation, and to what stands in brackets after it.

    >>> list(map(name_key, ("reviewText", " Review-Text ", "_id", "Date (d/m/y)")))
    ['reviewtext', 'reviewtext', 'id', 'date']
    """
    return re.sub(r"(?<=\w) *\([^()]*\)\s*$|[\W_]+", "", name).casefold()


_TITLE_KEYS = frozenset(map(name_key, TITLES))
_DATE_KEYS = frozenset(map(name_key, DATES))
_TEXT_KEYS = frozenset(map(name_key, TEXTS)) | _TITLE_KEYS
KEYS = frozenset(map(name_key, (*DATES, *IDS))) | _TEXT_KEYS


def some_of(names: Sequence[str], most: int, written: Callable[[str], str] = str) -> str:
    """The first of some names, and how many there are if these are not all; empty without any."""
    shown = ", ".join(map(written, names[:most]))
    return f"{shown}, … ({len(names):,} in all)" if len(names) > most else shown


def is_usual_date(name: str) -> bool:
    return name_key(name) in _DATE_KEYS


def is_title(name: str) -> bool:
    return name_key(name) in _TITLE_KEYS


def has_text_name(names: Iterable[str]) -> bool:
    return any(name_key(name) in _TEXT_KEYS for name in names)
