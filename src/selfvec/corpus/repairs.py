"""What a program wrote into texts is not the text: `REPAIRS`, a table of what is mended, and how it is said.

A terminal writes colours, a web form writes entities, Excel writes line ends as ``_x000D_``. Their letters
would be counted as words: *31merror*, *quot*, *x000D*. Each repair is counted by row, and most are made in
every column. HTML, the marks of forums and mails and the furniture of documents are looked for in texts only,
and not in those that a reader of HTML or Word has given: there they are what the text is about.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_

import polars as pl

from selfvec.base.display import NUL, REPLACEMENT, readable

from .columns import RowBatch
from .document_files import BLOCKS, UNSEEN, WITHIN_LINES
from .field_names import in_json, is_usual_date, text_within
from .fields import Fields
from .furniture import (
    LICENCES,
    PAGE_LINES,
    TRANSCRIPTION,
    Mended,
    joined_lines,
    replaced,
    without_licence,
    without_page_lines,
    without_transcription,
)
from .summary import CorpusPass

_OF_1252 = {bytes([byte]).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xC0)}
_OF_1252 |= {chr(byte): byte for byte in range(0x80, 0xA0)}  # as Latin-1 has them
_ONE = f"[{re.escape(''.join(_OF_1252))}]"
_CUT_QUOTE = "\u00e2€\ufffd?"  # ” without its last sign, which Windows-1252 lacks
# An accented capital may end a word in capitals: AMANHÃ».
_TWICE = (
    f"[\u00e2\u00e3]{_ONE}{_ONE}|\u00f0{_ONE}{_ONE}{_ONE}|[\u00c2-\u00c5\u00ce-\u00d1]{_ONE}|{_CUT_QUOTE}"
)
"""What may be such a character, as a regular expression that Python and Polars know."""
_TWICE_DECODED = re.compile(rf"(?<![A-Z\u00c0-\u00de])(?:{_TWICE})")


def decoded_once(text: str) -> Mended:
    """The text with each character that was decoded twice as it was; how many these are.

    >>> decoded_once("the riskâ€™s cafÃ© – naïve, â‚¬ 3, MANHÃ»")
    ('the risk’s café – naïve, € 3, MANHÃ»', 3)
    """

    def once(place: re.Match[str]) -> str:
        try:
            return bytes(_OF_1252.get(letter, ord(letter) & 0xFF) for letter in place[0]).decode()
        except UnicodeDecodeError:
            return "”" if re.fullmatch(_CUT_QUOTE, place[0]) else place[0]

    return replaced(_TWICE_DECODED, once, text)


@dataclass(frozen=True)
class Repair:
    """What a program may have written into texts."""

    done: str  # what was mended, and how, as in "a terminal's codes left out: 3 places"
    mend: Callable[[str], Mended]
    of_text: bool = True  # whether it is made only in texts that no reader of a document has given
    of_pages: bool = False  # whether it is made in those of a PDF, too


Places = Counter[str]
"""How many places of a row were mended, by what was done."""


def _without_nul(text: str) -> Mended:
    """A text with U+FFFD for NUL, which ends a string for many programs."""
    return text.replace(NUL, REPLACEMENT), text.count(NUL)


_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # of a terminal
# What Excel writes for characters that XML cannot hold, such as carriage returns
_ESCAPES = re.compile(r"_x00[01][0-9A-Fa-f]_(?:\r?\n)?")
# Pictures, as base64 writes them
_PICTURE = re.compile(r"data:[\w.+-]{1,80}/[\w.+-]{1,80}(?:;[\w.=+-]{1,80}){0,3};base64,[A-Za-z0-9+/=_%-]*")


# Comments that no reader of the page sees; in code they are what the text is about

_COMMENT = re.compile(
    r"(?P<code>^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}(?P=fence)|\Z)|`[^`\n]+`)|<!--.*?-->",
    re.MULTILINE | re.DOTALL,
)
# A link of Markdown that leads nowhere. Its label may be anything, its title is the comment.
_NOWHERE = re.compile(
    r"^ {0,3}\[[^\[\]\n]{1,40}\]: (?:#|<>) (?:\([^\n]*\)|\"[^\n]*\"|'[^\n]*')[ \t\r]*(?:\n|\Z)", re.MULTILINE
)


def _without_comments(text: str) -> Mended:
    """A text without the comments of HTML and of Markdown."""
    end = text.rfind("-->") + 3  # what is not closed is no comment
    closed, places = text[:end], 0
    if "<!--" in closed:
        closed, places = replaced(_COMMENT, lambda piece: piece["code"] or "", closed)
    text = closed + text[end:]
    text, links = _NOWHERE.subn("", text) if "]: " in text else (text, 0)
    return text, places + links


# Names and numbers that somebody has taken out

_BRACKETED = re.compile(r"(?<!`)\[\*\*[^\[\]\n]*\*\*\](?!`)")
_BOLD = re.compile(r"(?<![*\[])\*\*\w[^*\n]{0,80}\w\*\*(?![*\]])|\*\*\][(\[:]")  # of Markdown
_BLANK = re.compile(r"(?<![\w`])___(?![\w`])")
_RULE = re.compile(r"^[ \t]*___[ \t]*$", re.MULTILINE)


def _without_blanks(text: str) -> Mended:
    """A text without what stands for words that were taken out, as in the notes of MIMIC."""
    marks = blanks = 0
    if "[**" in text and not _BOLD.search(text):
        text, marks = _BRACKETED.subn("", text)
    if "___" in text and not _RULE.search(text):
        text, blanks = _BLANK.subn("", text)
    return text, marks + blanks


# Slack and Discord, and there emoji by their names

_CHAT = re.compile(
    r"<(?:(?P<sign>[@#])[!&]?(?:[UWCGST][A-Z0-9]+|\d+)|a?:\w+:\d+|t:-?\d+(?::[a-zA-Z])?"
    r"|!(?P<all>[a-z]+)(?:\^[^<>|\s]*)?|(?P<link>https?://|mailto:)[^<>|\s]+)(?:\|(?P<label>[^<>\n]*))?>"
)
_EMOJI = re.compile(
    r":(?<![\w:/.]:)(?=[a-z0-9_+'-]*[a-z]|[+-]1:)[a-z0-9_+'-]{2,40}:(?::skin-tone-\d:)?(?![\w:/`])"
)


def _as_chats_show(text: str) -> Mended:
    """A text with the names and links that Slack and Discord show, and without the names of emoji."""

    def shown(mark: re.Match[str]) -> str:
        sign, word, label = mark["sign"] or "", mark["all"], mark["label"]
        if label is not None:
            return sign + label.removeprefix(sign)
        return f"@{word}" if word else mark[0] if mark["link"] else ""

    text, places = replaced(_CHAT, shown, text)
    text, emoji = _EMOJI.subn("", text) if places else (text, 0)  # elsewhere it may be somebody's own sign
    return text, places + emoji


# Texts in JSON, as exports of tables and logs have them


def _text_within(text: str) -> Mended:
    within = text_within(in_json(text)) or text
    return within, int(within != text)


# Markup in rows: what a web page, a feed or another program's document was cut from

_ELEMENTS = BLOCKS | UNSEEN | WITHIN_LINES
_UNREAD = UNSEEN | {"parameter"}  # of a macro of Confluence
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w.-]*(?::[A-Za-z][\w.-]*)?)(?:(?P<marked>\s+[\w:.-]+=[\"'])|(?=[\s/>]))[^<>]*>"
    r"|<!--[^<>]*-->|<!\[(?:if|endif)\b[^<>]*>|(?P<data><!\[CDATA\[|\]\]>)",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"<br\s*/?>|\A\s*<p>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TIMES_ESCAPED = 3  # &amp;amp;quot; is met in texts that three programs have escaped


def _read_markup(text: str) -> Mended:
    """A text without tags, and with the characters that its entities name.

    Escaped tags are markup only if there are no others: a feed escapes pages, a page examples of HTML.
    """
    decoded, others = 0, _elements(text)
    if others is None:
        text, decoded = _decoded(text)
        others = _elements(text)
    if others is None:
        return text, decoded
    text, tags = _without_tags(text, others)
    text, more = _decoded(text)
    return text.strip(), decoded + tags + more


def _elements(text: str) -> set[str] | None:
    """The names of elements other than HTML's in a text that is markup; None for one that is not.

    Such elements are closed, and have a prefix or attributes, or are all that there is. An element of HTML is
    closed or has an attribute: "Use <b> here" has none of them, and stays.
    """
    closed, marked = set[str](), set[str]()
    whole = text.strip()
    for tag in _TAG.finditer(text):
        name, empty = tag["name"] or "", tag[0].endswith("/>")
        if tag["close"] or empty:
            closed.add(name)
        if ":" in name or tag["marked"] or (empty and tag[0] == whole):
            marked.add(name)
    there = closed & marked
    is_html = any(name.lower() in _ELEMENTS for name in closed | marked) or _BEGINS.search(text)
    return there if there or is_html else None


def _decoded(text: str) -> Mended:
    places = 0
    for _ in range(_TIMES_ESCAPED):
        plain = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
        if plain == text:
            break
        places += len(_ENTITY.findall(text))
        text = plain
    return text, places


def _without_tags(text: str, others: Collection[str]) -> Mended:
    """A text without the tags of HTML and of other elements, and without what these do not show."""
    pieces: list[str] = []
    end = places = 0
    unseen = ""  # the element whose content is left out
    for tag in _TAG.finditer(text):
        name = (tag["name"] or "").lower()
        known = name in _ELEMENTS or not name or tag["name"] in others
        if not known or (unseen and not (tag["close"] and name == unseen)):
            continue
        places += 1
        pieces.append("" if unseen else text[end : tag.start()])
        kind = name.rpartition(":")[2]
        pieces.append("\n" if kind in BLOCKS or tag["data"] else "")
        begins = kind in _UNREAD and not tag["close"] and not tag[0].endswith("/>")
        unseen = name if begins else ""
        end = tag.end()
    return "".join(pieces) + text[end:], places


# Wikis and forums

_FORUM = "b|i|u|s|url|img|quote|code|color|size|font|list|center|left|right|spoiler|email|youtube|attachment"
_BBCODE = re.compile(rf"\[/?(?:{_FORUM})(?:=[^\[\]\n]*)?\]", re.IGNORECASE)
_CLOSED = re.compile(rf"\[/(?:{_FORUM})\]", re.IGNORECASE)
# [[Pilots]] needs nothing, and in programs x[[1]] is no link.
_LINK = re.compile(
    r"!\[\[[^\[\]\n]+\]\]|\[\[(?:(?:File|Image|Category):[^\[\]\n]*|[^\[\]|\n]+\|([^\[\]\n]*))\]\]"
)


def _without_marks(text: str) -> Mended:
    """A text without the marks of forums (BBCode), and with what the links of wikis show."""
    places = 0
    if _CLOSED.search(text):
        text, places = _BBCODE.subn("", text)
    text, links = _LINK.subn(lambda link: link[1] or "", text) if "[[" in text else (text, 0)
    return text, places + links


_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
# A mail that quotes three times over quotes once or twice, too. Three signs alone are a prompt of Python.
_ONCE_OR_TWICE = re.compile(r"^> ?(?:> ?)?(?!>)", re.MULTILINE)


def _without_quote_signs(text: str) -> Mended:
    """A text without the > before lines that a mail or a note quotes; one such line may be anything."""
    plain, places = _QUOTED.subn("", text)
    return (plain, places) if places > 1 and _ONCE_OR_TWICE.search(text) else (text, 0)


# What Reddit, databases, Python, R and Excel write where there is no text. "None" may be a person's answer.
_PLACEHOLDER = (
    r"^\s*(?:(?i:\[ *(?:deleted|removed|unavailable)(?: by [^\[\]\n]*)? *\]|#?n/a|<na>|nan|nat|\(?null\)?|"
    r"#(?:name\?|ref!|value!|div/0!|num!|null!))|NA|\\N)\s*$"
)


REPAIRS = (
    Repair("NUL characters replaced", _without_nul, of_text=False),
    Repair("UTF-8 that had been read as Windows-1252 decoded again", decoded_once, of_text=False),
    Repair("a terminal's codes left out", partial(_CODES.subn, ""), of_text=False),
    Repair("Excel's escapes read", partial(_ESCAPES.subn, "\n"), of_text=False),
    Repair("texts within JSON read", _text_within),
    Repair("hidden comments left out", _without_comments),
    Repair("data in base64 left out", partial(_PICTURE.subn, ""), of_pages=True),
    Repair("marks of Slack or Discord and names of emoji read as they are shown", _as_chats_show),
    Repair("tags and entities of HTML or XML read", _read_markup),
    Repair("marks in place of words left out", _without_blanks, of_pages=True),
    Repair("marks of wikis and forums left out", _without_marks),
    Repair(LICENCES, without_licence),
    Repair(PAGE_LINES, without_page_lines, of_pages=True),
    Repair(TRANSCRIPTION, without_transcription),
    Repair("the > of quoted lines left out, the lines kept", _without_quote_signs),
    Repair("words cut by line ends joined", joined_lines, of_pages=True),
    Repair("placeholders such as NULL and [deleted] left out", partial(re.compile(_PLACEHOLDER).subn, "")),
)
"""What is mended, in this order; each takes the strings of the one before. Entities are read before the signs
of quoted lines, since a web form writes > as an entity, and after comments and marks of chats, since there an
entity is text. Heads are left out before words are joined, since the end of a page cuts words, too."""


# Lines of YAML or TOML between two marks. A text that begins with a rule has other lines before the next one.
_YAML = r"(?:[ \t#-][^\n]*\n|\w[\w .-]*[:=][^\n]*\n|\r?\n|[\[\]}][^\n]*\n)*?"
_FRONT_MATTER = re.compile(rf"\A(---|\+\+\+)[ \t]*\r?\n({_YAML})\1[ \t]*\r?(?:\n|\Z)")
_ENTRY = re.compile(r"^(\w[\w .-]*?)[ \t]*[:=][ \t]*[\"']?([^\"'\r\n]+)", re.MULTILINE)


def without_front_matter(text: str) -> tuple[str, str | None]:
    """A note without the data that stand before its text, and the date among them."""
    front = _FRONT_MATTER.match(text)
    if front is None:
        return text, None
    dates = [entry[2].strip() for entry in _ENTRY.finditer(front[2]) if is_usual_date(entry[1])]
    return text[front.end() :], next(iter(dates), None)


_SIGNS = (
    f"{_TWICE}|-\r?\n|\xac|\xad",
    rf"{NUL}|\x1b|_x00[01][0-9A-Fa-f]_|&(?:#|[A-Za-z]+[0-9]*;)|</?[A-Za-z]|\[/[A-Za-z]|\[\[|\n>",
)
_SIGNS_OF_TEXT = (
    r"<[!@#:]|\[\*\*|\]: |\f|___|\A[\[{]",
    r"(?:\A|\n)[ \t]*[\[(<]?\d{1,3}:\d\d",
    ";base64,|START OF TH|SMALL PRINT",
)
"""One of these is in every text that may need a repair, the latter of which are made in texts alone. Several
take a few ms each for 27 MB: Polars skips to the beginnings of alternatives if these are few. All as one take
190 ms, and one for each repair as long; a sign of many texts costs seconds."""
_FEW = 16  # rows, for which Polars would compile the expressions longer than it looks


def mended(batch: RowBatch, fields: Fields, path: str, corpus_pass: CorpusPass, *, plain: bool) -> RowBatch:
    """The rows with what a program wrote into them mended, which is counted, and the texts as they came.

    ``plain`` says that the texts are no lists of tokens, and that no reader of documents, such as that of
    HTML, has given them.
    """
    places: dict[int, Places] = {}
    texts = set(map(readable, fields.text)) if plain else ()
    of_text = (*_SIGNS, *_SIGNS_OF_TEXT, _PLACEHOLDER)
    signs = [of_text if name in texts else _SIGNS for name in batch.frame.columns]
    if len(batch.lines) <= _FEW:
        marks = [  # as Polars finds them
            pl.Series([any(re.search(sign, text or "") for sign in own) for text in column], dtype=pl.Boolean)
            for column, own in zip(batch.frame, signs, strict=True)
        ]
    else:
        seen = (reduce(or_, map(pl.nth(n).str.contains, own)) for n, own in enumerate(signs))
        marks = batch.frame.select(*seen).get_columns()
    columns = [
        _mended(column, marked, column.name in texts, places)
        for column, marked in zip(batch.frame, marks, strict=True)
    ]
    if not places:
        return batch
    for row in sorted(places):
        corpus_pass.repaired(places[row], path=path, line=int(batch.lines[row]))
    given = batch.texts(fields.text) if batch.given is None else batch.given
    # By names, since a list of series would give a column without a name another one.
    return RowBatch(pl.DataFrame({column.name: column for column in columns}), batch.lines, given)


def _mended(
    column: pl.Series,
    marked: pl.Series,  # which rows have one of `_SIGNS`
    is_text: bool,
    places: dict[int, Places],  # receives what was mended in the rows, by number
) -> pl.Series:
    """A column after the repairs of its kind."""
    if not marked.any():  # as in most columns
        return column
    repairs = [one for one in REPAIRS if is_text or not one.of_text]
    rows = marked.arg_true().to_list()  # few, so that others cost no call
    texts: dict[int, str] = {}
    for row, text in zip(rows, column.gather(rows), strict=True):
        sound, mended_here = _repaired(text, repairs)
        if mended_here:
            texts[row] = sound
            places.setdefault(row, Counter()).update(mended_here)
    return column.scatter(list(texts), list(texts.values())) if texts else column


def _repaired(text: str, repairs: Sequence[Repair]) -> tuple[str, Places]:
    places: Places = Counter()
    for repair in repairs:
        text, number = repair.mend(text)
        if number:
            places[repair.done] = number
    return text, places


def mended_document(text: str, path: str, corpus_pass: CorpusPass, *, pages: bool = False) -> str:
    """A text that was read whole after all repairs, or those of ``pages`` of a PDF, which are counted."""
    text, places = _repaired(text, [one for one in REPAIRS if one.of_pages or not pages])
    corpus_pass.repaired(places, path=path, line=1)
    return text
