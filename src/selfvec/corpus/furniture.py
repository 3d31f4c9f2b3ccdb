"""The furniture of documents: heads of pages, time codes, licences. It is told by its form.

No list of words would do: the document shows which of its lines are furniture. A running head stands at the
edge of one page after another, perhaps with a number that counts them. Time codes rise. What has the same
form elsewhere is text: a heading, a time in a sentence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

PAGE_LINES = "running heads, feet and page numbers left out"
LICENCES = "licences around books left out"
TRANSCRIPTION = "time codes, speakers and sounds of transcripts left out"

Mended = tuple[str, int]
"""A text, and how many places were mended."""

NumberedLine = tuple[int, str]


def replaced(places: re.Pattern[str], meant: Callable[[re.Match[str]], str], text: str) -> Mended:
    """A text with what is meant by its places of a pattern, some of which may stay."""
    changed = 0

    def counted(place: re.Match[str]) -> str:
        nonlocal changed
        means = meant(place)
        changed += means != place[0]
        return means

    return places.sub(counted, text), changed


SENTENCE_ENDS = ".!?…:;\"'”»।。"
"""Characters after which a line end may be the end of a sentence."""

_FEWEST = 3  # lines of a form: two may be alike by chance
_WIDEST = 80  # characters of such a line
_NUMBER = re.compile(r"\d+")


# Pages, as a PDF or a form feed bounds them

_EDGE = 3  # lines of a head or a foot
_GAP = 2  # left and right pages may differ
_SHORTEST_PAGE = 10  # characters, on average


def without_page_lines(text: str) -> Mended:
    """A text without the lines that pages repeat, whose sentences go on from page to page.

    >>> bodies = ("A crane of", "the harbour", "broke.")
    >>> pages = (f"Annual Report\\n{body}\\n- {number} -" for number, body in enumerate(bodies, 1))
    >>> without_page_lines("\\f".join(pages))
    ('A crane of\\nthe harbour\\nbroke.', 6)
    """
    bodies, repeated = _bodies(text)
    return ("\n".join(bodies), len(repeated)) if bodies and repeated else (text, 0)


def _bodies(text: str) -> tuple[list[str], list[str]]:
    """The pages that form feeds bound, without heads and feet, and the lines that these are."""
    if not _FEWEST - 1 <= text.count("\f") < len(text) / _SHORTEST_PAGE:
        return [], []
    pages = [page.strip().split("\n") for page in text.split("\f")]
    filled = [[place for place, line in enumerate(lines) if line.strip()] for lines in pages]
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for number, (lines, places) in enumerate(zip(pages, filled, strict=True)):
        for place in {*places[:_EDGE], *places[-_EDGE:]}:
            for key in _keys(lines[place], number):
                seen[key].add(number)
    rows = {key: _in_a_row(sorted(numbers)) for key, numbers in seen.items() if len(numbers) >= _FEWEST}
    bodies, repeated = [], []
    for number, (lines, places) in enumerate(zip(pages, filled, strict=True)):

        def is_furniture(place: int, lines: list[str] = lines, number: int = number) -> bool:
            return any(number in rows.get(key, ()) for key in _keys(lines[place], number))

        head = list(takewhile(is_furniture, places[:_EDGE]))
        foot = list(takewhile(is_furniture, places[len(head) :][: -_EDGE - 1 : -1]))
        kept = places[len(head) : len(places) - len(foot)]
        repeated += [lines[place] for place in (*head, *foot)]
        bodies += ["\n".join(lines[kept[0] : kept[-1] + 1])] if kept else []
    return bodies, repeated


def _keys(line: str, page: int) -> Iterator[str]:
    """The line, and with each of its numbers replaced by how far it is from that of the page."""
    line = " ".join(line.split())
    if len(line) <= _WIDEST:
        yield line
        for number in _NUMBER.finditer(line):
            yield f"{line[: number.start()]}\0{int(number[0]) - page}\0{line[number.end() :]}"


def _in_a_row(pages: Sequence[int]) -> set[int]:
    """The pages that follow each other, or with one between them."""
    rows: list[list[int]] = [[]]
    for page in pages:
        if rows[-1] and page - rows[-1][-1] > _GAP:
            rows.append([])
        rows[-1].append(page)
    return {page for row in rows if len(row) >= _FEWEST for page in row}


# Lines of scanned pages, which stand alone


def _form(line: str) -> str:
    return _NUMBER.sub("0", " ".join(line.split()))


def ends_sentence(line: str) -> bool:
    return line.rstrip()[-1:] in SENTENCE_ENDS


def between_heads(
    lines: Iterable[NumberedLine],
    forms: frozenset[str],
    heads: list[int],  # receives the numbers of the lines left out
) -> Iterator[NumberedLine]:
    """The lines without those of some forms that stand alone; a sentence that they cut is whole again."""
    blank: list[NumberedLine] = []
    last = ""
    head = False  # whether one was left out since the last line
    for number, line in lines:
        if not line.strip():
            blank.append((number, line))
        elif (blank or not last or line[0] == "\f") and _form(line) in forms:
            heads.append(number)
            head = True
        else:
            if head:
                blank = blank[:1] if last and ends_sentence(last) else []
            yield from blank
            yield number, line
            blank, last, head = [], line, False
    yield from () if head else blank


# Books with a licence before and after them

_BOUND = r"\*{3} ?%s OF TH(?:E|IS) [A-Z' ]*E-?(?:BOOK|TEXT|book|text)\b"
BOOK_STARTS = re.compile(
    rf"^(?:{_BOUND % 'START'}[^*]{{0,300}}\*{{3}}|\*END ?\*? ?THE SMALL PRINT!)[^\n]*", re.MULTILINE
)
BOOK_ENDS = re.compile(rf"^(?:{_BOUND % 'END'}|End of (?:the |this )?Project Gutenberg\b)", re.MULTILINE)


def without_licence(text: str) -> Mended:
    """The book that stands between the lines that Project Gutenberg and others put around it.

    >>> without_licence("Title\\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\\nOne day\\n")
    ('One day', 1)
    """
    start = BOOK_STARTS.search(text) if "START OF TH" in text or "SMALL PRINT" in text else None
    if start is None:
        return text, 0
    end = BOOK_ENDS.search(text, start.end())
    book = text[start.end() : end.start() if end else len(text)].strip()
    return (book, 2 if end else 1) if book else (text, 0)


# Transcripts: a time code begins lines, and rises

_CODE = r"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?"
_TIME_CODE = re.compile(
    rf"[ \t]*(?P<open>[\[(<])?(?P<code>{_CODE})(?:\s*(?:-->|[-–—])\s*{_CODE})?[\])>]?"
    r"(?=[\s:–—-]|\Z)[:–— \t-]*"
)
_CLOCK = re.compile(r":\d\d")
_CODE_WITHIN = re.compile(rf"[\[(<]{_CODE}[\])>] ?")
_SPEAKER = re.compile(r"[ \t]*(?:>> ?)?([^\W\d_][\w.'’&()-]*(?: [\w.'’&()-]+){0,4}):(?=\s|\Z)[ \t]*")
_SOUND = re.compile(r" ?(?:\[[^\W\d_][^\[\]\d\n]{1,40}\]|\([^\W\d_][a-z]+(?: [a-z]+)?\))")
_LEVEL = re.compile(r"\W*(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b")


@dataclass(frozen=True)
class Transcript:
    """What was said, with the time codes, the speakers, and sounds such as ``[laughter]``."""

    speakers: frozenset[str]
    sounds: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Transcript | None:
        """What recurs in a transcript, or None for another text.

        The times of a programme, such as 9:30, are no time codes: these have brackets or seconds, or begin
        with the first minute.
        """
        lines = text.split("\n")
        codes = [code for line in lines if (code := _TIME_CODE.match(line))]
        times = [_seconds(code["code"]) for code in codes]
        if len(codes) < _FEWEST or 10 * sum(a > b for a, b in pairwise(times)) > len(codes):
            return None
        certain = all(code["open"] or code["code"].count(":") > 1 for code in codes)
        if times[0] == times[-1] or not (certain or times[0] < 60):
            return None
        spoken = [line[code.end() :] if (code := _TIME_CODE.match(line)) else line for line in lines]
        if any(map(_LEVEL.match, spoken)):
            return None  # a log
        names = Counter(name[1] for line in spoken if (name := _SPEAKER.match(line)))
        sounds = Counter(sound.strip() for line in spoken for sound in _SOUND.findall(line))
        return cls(*(frozenset(x for x in of if of[x] >= _FEWEST) for of in (names, sounds)))

    def spoken(self, line: str) -> Mended:
        """The words of a line."""
        code = _TIME_CODE.match(line)
        line = line[code.end() :] if code else line
        name = _SPEAKER.match(line)
        named = name is not None and name[1] in self.speakers
        line, codes = _CODE_WITHIN.subn("", line[name.end() :] if name and named else line)
        line, sounds = replaced(_SOUND, lambda of: "" if of[0].strip() in self.sounds else of[0], line)
        return line, (code is not None) + named + codes + sounds


def _seconds(code: str) -> float:
    seconds = 0.0
    for part in code.replace(",", ".").split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def without_transcription(text: str) -> Mended:
    """A transcript without its time codes and its speakers, and the sounds that it notes several times.

    >>> lines = (f"[00:0{n}:10] Ann: Well {n}. [laughter]" for n in range(3))
    >>> without_transcription("\\n".join(lines))
    ('Well 0.\\nWell 1.\\nWell 2.', 9)
    """
    transcript = Transcript.of(text) if _CLOCK.search(text) else None
    if transcript is None:
        return text, 0
    lines, places = zip(*map(transcript.spoken, text.split("\n")), strict=True)
    return "\n".join(lines), sum(places)


# The lines of a file, each of which may be a document

_WIDEST_WRAPPED = 120  # characters of such lines; longer ones are messages that a program has cut
_LEAST_PAIRS = 20  # of lines that follow each other: fewer tell too little
_LEAST_WIDTHS = 4  # that lines differ in, unless one line is repeated
_FULL = 0.9  # of the width: OCR and hyphens leave lines shorter than a program that wraps them


def is_wrapped(head: str) -> bool:
    """Whether a text that begins like this has lines of one width, which end within sentences.

    Documents of a line each differ in length, and few of them are so long that the first word of the next one
    would not fit.
    """
    lines = [line.rstrip() for line in head.split("\n")[:-1]]
    pairs = [(line, after.split()[0]) for line, after in pairwise(lines) if line and after]
    if len(pairs) < _LEAST_PAIRS or "" not in lines or len({len(line) for line, _ in pairs}) < _LEAST_WIDTHS:
        return False
    width = sorted(len(line) for line, _ in pairs)[len(pairs) * 98 // 100]  # one line in fifty may be longer
    full = sum(len(line) + 1 + len(word) > _FULL * width for line, word in pairs)
    within = sum(not ends_sentence(line) for line, _ in pairs)
    words = sum(len(line.split()) for line, _ in pairs)  # scripts without blanks are not wrapped at words
    return width <= _WIDEST_WRAPPED and min(full / 0.6, within / 0.5, words / 4) >= len(pairs)


@dataclass(frozen=True)
class LineForm:
    """What the first lines of a file tell of all."""

    wrapped: bool = False  # whether they end where the next word would not have fitted
    heads: frozenset[str] = frozenset()  # of its pages, with 0 for each number
    book: bool = False  # whether a licence stands before it
    transcript: Transcript | None = None

    @classmethod
    def of(cls, head: str) -> LineForm:
        if is_wrapped(head):
            heads = frozenset(map(_form, _bodies(head)[1]))
            return cls(True, heads, BOOK_STARTS.search(head) is not None)
        return cls(transcript=Transcript.of(head))


# Words that a line end cuts in two, as in the text of a PDF
#
# A soft hyphen and the sign ¬ stand only where a word is cut. A hyphen may also be the own one of
# *well-known*, and stays. The document tells which: it has the whole word elsewhere, or both of its parts.


# A soft hyphen or ¬ before a blank is a line end, too, that a program has made a blank.
_CUT = re.compile(r"(?<=[^\W\d_])(?:([-\u2010\u2011])[ \t\r]*\n[ \t]*|(\xad)\s+|(\xac)\s*)(?=[^\W\d_])")
_BEFORE = re.compile(r"[\w\u2010\u2011-]+\Z")
_AFTER = re.compile(r"\w{1,64}")
_LONGEST = 64  # letters of a part
_HYPHENS = re.compile("[\u2010\u2011]")
_WORD = re.compile(r"\w+(?:-\w+)*")
_SHORTEST = 3  # letters of parts that are words of their own: *in* and *to* of *into* tell nothing
_FIRST = frozenset(("well", "self"))  # that stand before a hyphen where the document does not tell


def joined_lines(text: str) -> Mended:
    """A text without the line ends inside words, and how many they were; a hyphen that is a word's own stays.

    >>> joined_lines("The win-\\ndows of a well-\\nknown shop. Windows broke.")
    ('The windows of a well-known shop. Windows broke.', 2)
    >>> joined_lines("a long-\\nterm plan in 1990-\\n95; the long term"), joined_lines("win¬dows, har¬ bour")
    (('a long-term plan in 1990-\\n95; the long term', 1), ('windows, harbour', 2))
    """
    if _CUT.search(text) is None:
        return text, 0
    whole = _HYPHENS.sub("-", _CUT.sub("_", text)).lower()  # which makes of cut words others
    words = Counter(_WORD.findall(whole))
    for word in [word for word in words if "-" in word]:
        words.update(dict.fromkeys(word.split("-"), words[word]))

    def joined(cut: re.Match[str]) -> str:
        before = _BEFORE.search(text[max(0, cut.start() - _LONGEST) : cut.start()])
        after = _AFTER.match(text, cut.end())
        if before is None or after is None or not cut[1]:
            return ""
        return cut[1] if _is_own(before[0], after[0], words) else ""

    return _CUT.subn(joined, text)


def _is_own(left: str, right: str, words: Counter[str]) -> bool:
    first, second = _HYPHENS.sub("-", left).lower(), right.lower()
    with_hyphen, without = words[f"{first}-{second}"], words[first + second]
    if with_hyphen != without:
        return with_hyphen > without
    if "-" in first or len(first) == 1 or (right[0].isupper() and not left.isupper()):
        return True  # state-of-the-art, X-ray, Anglo-Saxon
    parts = len(first) >= _SHORTEST and len(second) >= _SHORTEST and words[first] and words[second]
    return bool(parts) or first in _FIRST
