"""A summary of the documents read and left out.

A malformed row is an error, unless the user asked to skip such rows. Skipped rows are counted, and the first
ones are named, so that nothing is dropped silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from selfvec.base.casing import different_names
from selfvec.base.display import count_of
from selfvec.base.errors import CorpusError, FormatError
from selfvec.base.installed import install_command

from .document_files import DOCUMENT_KINDS
from .fingerprints import Seen

if TYPE_CHECKING:
    import polars as pl

    from selfvec.base.arrays import Ints

OF_SHARDS = "shards"
"""Prefix of the hash of a file that was read in shards: a hash of their hashes, not of the file."""

NAMED_PLACES = 20
"""The most bad rows that are named; all are counted."""

NAMED_KINDS = 5
"""The most kinds of left-out files that are named."""

FROM_MEMORY = ("memory", "frame")
"""The kinds of sources that are no files."""

BATCH_BYTES = 4 << 20
"""Approximate bytes of decompressed text in a batch: twice as many took 100 MB more, and no less time."""

BATCH_ROWS = 1 << 16
"""Approximate limit of rows in a batch: rows of one letter take 50 times their size in memory."""


@dataclass(frozen=True)
class FileRead:
    """One source that was read; ``bytes`` and ``sha256`` are those of the file on disk, compressed or not."""

    path: str
    kind: str
    bytes: int
    sha256: str
    text_fields: tuple[str, ...] = ()
    date_field: str | None = None


@dataclass
class Summary:
    """The documents that one pass over a corpus read and left out; filled while reading."""

    # The sources read to their end. A folder of text files is one entry; its hash is that of the lines that
    # ``sha256sum`` would print for its files.
    files: list[FileRead] = field(default_factory=list)
    documents: int = 0  # documents read
    empty: int = 0  # left out because they have no text
    duplicates: int = 0  # repeat an earlier text, and are kept
    known: int = 0  # left out of an update because the run has their text
    undated: int = 0  # without a date, in files that have a date field
    unread_dates: int = 0  # of them, those where something stands that is not a date in a known form
    unread_date_places: list[str] = field(default_factory=list)  # the first 20 of them: file, line and value
    odd_dates: int = 0  # before the year 1000 or after 2199
    odd_date_places: list[str] = field(default_factory=list)
    date_orders: tuple[str, ...] = ()  # how 03/04/20 was read, a field each: "date: day first", and its years
    mended_rows: int = 0  # a known defect was repaired
    mended: dict[str, int] = field(default_factory=dict)  # the places in all rows, by what was mended
    mended_places: list[str] = field(default_factory=list)  # the first 20 of them: file, line and repair
    bad_rows: int = 0  # malformed and left out
    bad_places: list[str] = field(default_factory=list)  # the first 20 of them: file, line, field and rule
    skipped_files: list[str] = field(default_factory=list)  # left out in folders, see `find_sources`
    text_fields: tuple[str, ...] = ()
    text_given: bool = False  # named by the user, not recognised
    date_field: str | None = None
    date_given: bool = False
    slice_field: str | None = None  # the field with a document's slice
    id_field: str | None = None  # the field with the id, if it was named
    slice_by_name: bool = False  # whether the name of its source is its slice
    unread_fields: tuple[str, ...] = ()  # that cannot be kept: bytes, vectors, names of two columns
    kept_fields: tuple[str, ...] | None = None  # those that were named; None: all others are kept
    notes: list[str] = field(default_factory=list)  # what was guessed or not read, a sentence each

    def note(self, sentence: str) -> None:
        """Add what a reader has to know about the text: `refine` prints it, `run info` keeps it."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def as_dict(self) -> dict[str, Any]:
        return {"description": self.describe(), **asdict(self)}

    def describe(self) -> str:
        """One line: number of documents, fields read, and documents left out.

        >>> Summary(documents=3, text_fields=("title", "text"), empty=1).describe()
        '3 documents; text from title + text (recognised); left out: 1 empty'
        """
        parts = [count_of(self.documents, "document")]
        if self.text_fields:
            how = "as asked" if self.text_given else "recognised"
            parts.append(f"text from {' + '.join(self.text_fields)} ({how})")
        if self.date_field:
            parts.append(f"dates from {self.date_field}{self._dates()}")
        parts += filter(None, [self.left_out()])
        if self.duplicates:
            parts.append(f"{count_of(self.duplicates, 'duplicate')} among them")
        return "; ".join(parts)

    def _dates(self) -> str:
        orders = dict.fromkeys(order.rpartition(": ")[2] for order in self.date_orders)
        parts = [" and ".join(orders)] if orders else []
        if missing := self.undated - self.unread_dates:
            parts.append(f"{count_of(missing, 'document')} {'has' if missing == 1 else 'have'} no date")
        if self.unread_dates:
            parts.append(f"{self.unread_dates:,} not read, first {self.unread_date_places[0]}")
        if self.odd_dates:
            parts.append(f"{self.odd_dates:,} before 1000 or after 2199, first {self.odd_date_places[0]}")
        return f" ({', '.join(parts)})" if parts else ""

    def left_out(self) -> str:
        """What was mended and what was left out, in words; empty if nothing was.

        >>> Summary(documents=3, empty=1, skipped_files=["a.xyz"]).left_out()
        'left out: 1 empty, 1 file of other kinds (.xyz 1)'
        >>> places = {"cut words joined": 3, "tags read": 1}
        >>> first = "a:7: cut words joined: 2 places"
        >>> Summary(mended_rows=2, mended=places, mended_places=[first]).left_out()
        '2 rows repaired: cut words joined (3 places) and tags read (1 place), first in line 7 of a'
        """
        parts = []
        left_out = [f"{self.empty:,} empty"] if self.empty else []
        if self.known:
            left_out.append(f"{self.known:,} known")
        if self.bad_rows:
            left_out.append(f"{count_of(self.bad_rows, 'bad row')}, first {self.bad_places[0]}")
        if self.skipped_files:
            left_out.append(f"{count_of(len(self.skipped_files), 'file')} of other kinds{self._kinds()}")
        if self.mended_rows:
            what = " and ".join(f"{name} ({count_of(n, 'place')})" for name, n in self.mended.items())
            first, _, more = self.mended_places[0].partition(f": {next(iter(self.mended), '')}")
            guess = more.partition(":")[0]  # such as ", probably windows-1252"
            path, _, line = first.rpartition(":")
            where = f"line {line} of {path}{guess}"
            parts.append(f"{count_of(self.mended_rows, 'row')} repaired: {what}, first in {where}")
        if left_out:
            parts.append("left out: " + ", ".join(left_out))
        return "; ".join(parts)

    def _kinds(self) -> str:
        counted = Counter(map(_kind, self.skipped_files))
        suffixes = ", ".join(f"{suffix} {n:,}" for suffix, n in counted.most_common(NAMED_KINDS))
        unread = [kind.name for kind in DOCUMENT_KINDS if any(suffix in counted for suffix in kind.suffixes)]
        remedy = f"; for {' and '.join(unread)}: {install_command('documents')}" if unread else ""
        return f" ({suffixes}{remedy})"


SPECIAL = " (special file)"
NO_TEXT = " (no text field)"
UNREADABLE = " (cannot be read)"
LINK = " -> "
_KINDS = {SPECIAL: "special files", NO_TEXT: "{} without text", UNREADABLE: "{} that cannot be read"}


def kinds_of(names: Iterable[str]) -> list[str]:
    return sorted(set(map(_kind, names)))


def _kind(name: str) -> str:
    """The kind of a file left out, whose name ends in why, or of a link, as ``ls -l`` writes it."""
    if LINK in name:
        return "links that are not followed"
    for end, kind in _KINDS.items():
        if name.endswith(end):
            return kind.format(PurePath(name.removesuffix(end)).suffix)
    return PurePath(name).suffix or PurePath(name).name


_BY_ID = "--withdraw takes all with an id, similar --document the first"


def note_on_ids(repeated: int, first: str) -> str:
    """What is said of documents that have the id of an earlier one; ``first`` names the first of them."""
    have = "has" if repeated == 1 else "have"
    return f"{count_of(repeated, 'document')} {have} the id of an earlier one, first {first}: {_BY_ID}"


# Several corpora as one: those of merged runs, of updates and of shards


def joined_corpora(
    corpora: Sequence[Mapping[str, Any]],  # from `Summary.as_dict`
    repeats: int = 0,  # texts that occur in an earlier corpus and are not counted as duplicates yet
    left_out: int = 0,  # documents left out because of that
    on_ids: Sequence[str] | None = None,  # what is said of the ids of all, in place of those of each
) -> dict[str, Any]:
    """The summary of several corpora as one. If a file was read twice, the later entry is kept."""
    try:
        summaries = [_saved(corpus) for corpus in corpora]
        whole = Summary()
        for name, nothing in vars(Summary()).items():
            setattr(whole, name, _joined(nothing, [getattr(summary, name) for summary in summaries]))
        # It may hold the names of several files.
        names = [name for summary in summaries for name in (summary.date_field or "").split(", ")]
        whole.date_field = ", ".join(different_names(filter(None, names))) or None
        for name in ("bad_places", "mended_places", "unread_date_places", "odd_date_places"):
            del getattr(whole, name)[NAMED_PLACES:]
        if on_ids is not None:
            whole.notes = [*(note for note in whole.notes if not note.endswith(_BY_ID)), *on_ids]
        whole.notes = list(dict.fromkeys(whole.notes))
        whole.duplicates += repeats
        whole.documents -= left_out
        latest = {_file_key(file): file for file in whole.files}
        whole.files = [file for file in whole.files if latest[_file_key(file)] is file]
        return whole.as_dict()
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        rule = f"the summary of a run's corpus is damaged ({error})"
        raise FormatError(rule, field="corpus", remedy="make the run again") from None


def _joined(nothing: Any, values: Sequence[Any]) -> Any:
    """The values of a field of several summaries as one; its default tells how they are joined."""
    if isinstance(nothing, bool):
        return any(values)
    if isinstance(nothing, int):
        return sum(values)
    if isinstance(nothing, list):
        return [item for value in values for item in value]
    if isinstance(nothing, dict):
        return dict(sum(map(Counter, values), Counter()))
    if isinstance(nothing, tuple):
        return tuple(dict.fromkeys(item for value in values for item in value))
    return next((value for value in values if value is not None), None)


def _saved(corpus: Mapping[str, Any]) -> Summary:
    """A summary from ``run.json``, without what it does not know."""

    def own(record: type, values: Mapping[str, Any]) -> dict[str, Any]:
        return {of.name: values[of.name] for of in fields(record) if of.name in values}

    files = [FileRead(**own(FileRead, file)) for file in corpus.get("files", [])]
    return Summary(**own(Summary, corpus) | {"files": files})


def _file_key(file: FileRead) -> object:
    """A key that two readings of one file share; texts from memory and from pipes never share a key."""
    path = Path(file.path)
    return path.absolute() if file.kind not in FROM_MEMORY and path.exists() else id(file)


def refuse_same_files(corpora: Sequence[Mapping[str, Any]]) -> None:
    seen: dict[str, str] = {}
    for corpus in corpora:
        own = {str(file.get("sha256")): str(file.get("path")) for file in corpus.get("files", [])}
        for digest, path in own.items():
            if digest in seen:
                raise CorpusError(
                    f"was read before with the same content, as {seen[digest]}: documents would count twice",
                    path=path,
                    remedy="leave it out",
                )
        seen |= own


@dataclass
class CorpusPass:
    """One pass over a corpus: its options, and what was read and left out so far; all readers share it."""

    summary: Summary
    skip_bad_rows: bool = False
    batch_bytes: int = BATCH_BYTES
    advance: Callable[[int], None] = lambda _: None
    _ids: Seen = field(default_factory=Seen)  # hashes of the ids read so far
    _repeated: int = 0  # documents with the id of an earlier one
    _first_repeated: str = ""  # where the first of them is
    _unread: dict[tuple[str, str], list[tuple[str, str]]] = field(
        default_factory=dict
    )  # places and what of them

    def named(self, ids: pl.Series, path: str, lines: Ints) -> None:
        """Take note of the ids of documents and their places, to say whether any repeat."""
        given = ids.is_not_null().to_numpy()
        again = ~self._ids.add(ids.hash().to_numpy()[given])
        if again.any() and not self._repeated:
            self._first_repeated = f"{path}:{lines[given][again][0]}"
        self._repeated += int(again.sum())

    def unread(self, place: str, kind: str, what: str, unit: str = "file") -> None:
        """Take note of what of a file could not be read, or is doubtful; of each kind, the first is named."""
        self._unread.setdefault((kind, unit), []).append((place, what))

    def finish(self) -> None:
        """Note what only the end of the pass tells."""
        for (_, unit), ((first, what), *others) in self._unread.items():
            more = f" and {count_of(len(others), f'more {unit}')}" if others else ""
            self.summary.note(f"{first}{more}: {what}")
        if self._repeated:
            self.summary.note(note_on_ids(self._repeated, self._first_repeated))

    def bad(
        self,
        rule: str,
        *,
        path: str,
        line: int | None,
        field: str | None = None,
        remedy: str = "correct the row",
    ) -> None:
        """Count a malformed row and note its place; `CorpusError` unless bad rows are skipped."""
        if not self.skip_bad_rows:
            remedy += " or leave such rows out with --skip-bad-rows"
            raise CorpusError(rule, path=path, line=line, field=field, remedy=remedy)
        self.summary.bad_rows += 1
        if len(self.summary.bad_places) < NAMED_PLACES:
            self.summary.bad_places.append(str(CorpusError(rule, path=path, line=line, field=field)))

    def replaced(self, places: int, data: bytes, *, path: str, line: int) -> None:
        """Count a row with places that are not UTF-8, each of which became U+FFFD."""
        named = len(self.summary.mended_places) < NAMED_PLACES  # or else nobody asks what it is
        from selfvec.files.charsets import probably

        what = f"is not UTF-8{probably(data) if named else ''}"
        self.mended(f"{what}: {count_of(places, 'place')} became �", places, path=path, line=line)

    def mended(self, repair: str, places: int = 1, *, path: str, line: int) -> None:
        """Count a row whose known defect was repaired: ``repair`` begins with what."""
        what = repair.partition(":")[0].partition(",")[0]
        self.repaired({what: places}, path=path, line=line, told=repair)

    def repaired(self, repairs: Mapping[str, int], *, path: str, line: int, told: str = "") -> None:
        """Count a row in which so many places were mended, by what a program had written into it."""
        if not repairs:
            return
        for what, number in repairs.items():
            self.summary.mended[what] = self.summary.mended.get(what, 0) + number
        self.summary.mended_rows += 1
        if len(self.summary.mended_places) < NAMED_PLACES:
            told = told or "; ".join(f"{what}: {count_of(n, 'place')}" for what, n in repairs.items())
            self.summary.mended_places.append(f"{path}:{line}: {told}")
