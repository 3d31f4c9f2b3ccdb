"""The usual names of the fields of texts, titles, dates and ids, and the texts under them within objects.

A text may be no single string: a list, an object, or a tree of nodes as editors such as Jira's and Notion's
write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from selfvec.files.untrusted import parse_json

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


# Texts within lists and objects

_OF_RUNS = frozenset(("plain_text", "text", "value", "insert"))  # of what stands within a line
_NAMES_WITHIN = ("plain_text", *TEXTS, "value", "insert", "rendered", "raw")
_OF_NODES = frozenset(("type", "_type", "nodeType"))


def in_json(value: object) -> object:
    """What a string of JSON holds that is a list or an object; any other value as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        with suppress(ValueError):
            return parse_json(value)
    return value


def text_name(value: Mapping[str, Any]) -> str:
    """The name under which an object has its text; empty if it has none."""
    return next((name for name in _NAMES_WITHIN if value.get(name) and isinstance(value[name], str)), "")


def is_tree(value: object) -> bool:
    """Whether a value is a node or a list of nodes that have their texts within."""
    if isinstance(value, list):
        return any(map(is_tree, value))
    return isinstance(value, dict) and not _OF_NODES.isdisjoint(value) and not text_name(value)


def text_within(value: object, *, in_node: bool = False) -> str:
    """The strings of a list, and the texts of objects and of trees of nodes in order; empty without any.

    Runs of a line of nodes follow each other as they are; each other text begins a line.

    >>> text_within(["Look at ", {"type": "bold", "text": "the timetable"}, "."]), text_within(["a", "b"])
    ('Look at the timetable.', 'a\\nb')
    >>> runs = [{"type": "text", "text": "Hail"}, {"type": "text", "text": "ed."}]
    >>> text_within({"type": "doc", "content": [{"type": "p", "content": runs}, {"p": {"text": "Snow."}}]})
    'Hailed.\\nSnow.'
    """
    try:
        if isinstance(value, list):
            names = [text_name(item) for item in value if isinstance(item, dict)]
            runs = in_node or len(names) < len(value) or not {"insert", "plain_text"}.isdisjoint(names)
            texts = list(map(text_within, value))
            return "".join(texts) if runs and not _OF_RUNS.isdisjoint(names) else _lines(texts)
        if isinstance(value, dict):
            name = text_name(value)
            inner = [] if name == "plain_text" else value.values()  # of Notion, with the same text within
            texts = [
                text_within(each, in_node=not _OF_NODES.isdisjoint(value))
                for each in inner
                if not isinstance(each, str)
            ]
            return _lines([value.get(name, ""), *texts])
    except RecursionError:  # nested as deeply as no text is
        return ""
    return value if isinstance(value, str) else ""


def _lines(texts: Iterable[str]) -> str:
    *before, last = list(filter(None, texts)) or [""]
    return "".join(text.removesuffix("\n") + "\n" for text in before) + last
