"""Collections of documentation that Debian packages: a question, purpose or heading should find its text.

No constant of Selfvec was chosen on those of `packaged`: questions with answers, one line that says what a
function is for, sections of a manual. The largest dense weight of search was chosen on those of
`documentation`, which are other packages of these kinds. `apt-get` fetches the packages.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree, html

from benchmarks.self_retrieval import Pairs, collection_of
from selfvec.lab.evaluation.retrieval import Collection

KEPT = Path(tempfile.gettempdir()) / f"selfvec-packages-{os.getuid()}"
_LEAST = 30, 3  # words of a text, and of what should find it
_MOST = 6000  # characters of a text of `documentation`
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_ASIDE = """//head | //script | //style | //nav | //div[contains(@class, 'nav')]
    | //div[contains(@class, 'sphinxsidebar')] | //div[@class='header'] | //div[@class='toc']
    | //a[@class='headerlink']"""
_PAGES = 400  # of a language of `translated`: an encoder takes a quarter of a second for each
_MANUALS = {  # packages, and the pages that are taken
    "Git": (["git-doc"], ""),
    "SQLite": (["sqlite3-doc"], "^(?!.*/c3ref/)"),
    "Django": (["python-django-doc"], "^(?!.*/releases/)"),
    "Apache": (["apache2-doc"], r"/en/|\.en\.html$"),
    "Exim": (["exim4-doc-html"], ""),
    "Debian": (["debian-policy", "developers-reference", "debian-faq"], ""),
    "Octave": (["octave-doc"], "^(?!.*doxy)"),
    "zsh and R": (["zsh-doc", "r-doc-html"], ""),
    "SQLAlchemy": (["python-sqlalchemy-doc"], "^(?!.*changelog)"),
    "KiCad": (["kicad-doc-en"], ""),
}
_TRANSLATED = {  # packages of manual pages; the titles of the line NAME and of the DESCRIPTION
    "German": (["manpages-de", "manpages-de-dev"], "BEZEICHNUNG", "BESCHREIBUNG"),
    "Russian": (["manpages-ru", "manpages-ru-dev"], "ИМЯ", "ОПИСАНИЕ"),
}
_NUMBER = re.compile(r"^\d+(\.\d+)*\.?\s+")
_ROFF = re.compile(r"\\f[A-Z]|\\f\([A-Z]{2}|\\[&|^/,]|\\s[-+]?\d|\"")
_NAMES = {r"\-": "-", r"\~": " ", r"\(aq": "'", r"\e": "\\", r"\(bu": "", r"\ ": " "}
_DASH = re.compile(r" (?:\\-|–) ")
_POD = re.compile(r"X<[^<>]*>|[A-Z]<+\s?([^<>]*?)\s?>+")  # an entry of the index; a text with a font


def packaged() -> Iterator[tuple[str, Collection]]:
    """Every collection with its name."""
    yield "question → answer, Perl's FAQ", _of(_answers())
    yield "purpose → description, manual pages of C", _of(_purposes("manpages-dev"))
    yield "heading → section, GIMP's manual", _of(_sections("gimp-help-en"))
    yield "heading → section, PostgreSQL's manual", _of(_sections("postgresql-doc-15"))


def documentation() -> Iterator[tuple[str, str, Collection]]:
    """Every collection with its name and the source of its documents."""
    source = "documentation"
    for name, (packages, taken) in _MANUALS.items():
        pairs = (pair for package in packages for pair in _below_headings(package, taken))
        yield f"heading → section, {name}", source, _of(_shortened(pairs))
    yield "purpose → description, manual pages of Linux", source, _of(_shortened(_purposes("manpages")))
    yield "title → page, GNOME's help", source, _of(_shortened(_help_pages()))


def translated() -> Iterator[tuple[str, Collection]]:
    """Purposes and descriptions of manual pages in other languages than English, with their language."""
    for language, (packages, *titles) in _TRANSLATED.items():
        pairs = (pair for package in packages for pair in _purposes(package, *titles))
        every = _of(_shortened(pairs))  # the texts of the queries come first
        yield language, replace(every, documents=every.documents[:_PAGES])


def _shortened(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from ((asked, text[:_MOST]) for asked, text in pairs)


def _of(pairs: Iterator[tuple[str, str]]) -> Collection:
    """Pairs of enough words; a heading that stands over several texts finds none, such as *Return value*."""
    found: Pairs = [
        (" ".join(asked.split()).lstrip("\\ "), " ".join(text.split()))
        for asked, text in pairs
        if len(text.split()) >= _LEAST[0] and len(asked.split()) >= _LEAST[1]
    ]
    asked = [pair[0] for pair in found]
    return collection_of(sorted({pair for pair in found if asked.count(pair[0]) == 1}))


def _files(package: str, suffix: str, taken: str = "") -> Iterator[str]:
    """The texts of the files of a package whose names a pattern finds, by their names."""
    KEPT.mkdir(exist_ok=True)
    if not list(KEPT.glob(f"{package}_*.deb")):
        subprocess.run(["apt-get", "download", "--quiet", package], cwd=KEPT, check=True)
    (packed,) = KEPT.glob(f"{package}_*.deb")
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", packed], check=True, capture_output=True).stdout
    with tempfile.TemporaryFile() as file:
        file.write(unpacked)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            named = {member.name: member for member in archive if member.isfile()}
            for name in sorted(name for name in named if name.endswith(suffix) and re.search(taken, name)):
                content = archive.extractfile(named[name])
                assert content is not None
                data = content.read()
                yield (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8", "replace")


def _answers() -> Iterator[tuple[str, str]]:
    """The questions of perlfaq1 to perlfaq9, and their answers."""
    for number in range(1, 10):
        (text,) = _files("perl-doc", f"/pod/perlfaq{number}.pod")
        for part in re.split(r"^=head2 ", text, flags=re.MULTILINE)[1:]:
            question, answer = re.split(r"^=head1 ", part, flags=re.MULTILINE)[0].split("\n", 1)
            yield _POD.sub(r"\1", question), _POD.sub(r"\1", re.sub(r"^=.*", "", answer, flags=re.MULTILINE))


def _purposes(
    package: str, name: str = "NAME", description: str = "DESCRIPTION"
) -> Iterator[tuple[str, str]]:
    """What the line NAME of a manual page says after the dash, and the page's DESCRIPTION."""
    for page in _files(package, ".gz", "/man/(.*/)?man"):
        heads = re.split(r"^\.SH +", page, flags=re.MULTILINE)
        parts = dict(head.split("\n", 1) for head in heads[1:] if "\n" in head)
        purpose = _DASH.split(parts.get(name, ""), maxsplit=1)[1:]
        if purpose and description in parts:
            yield _plain(purpose[0]), _plain(parts[description])


def _plain(roff: str) -> str:
    """The text of a manual page's source: requests without their names, or their arguments."""
    lines = []
    for line in roff.splitlines():
        request, _, rest = line.partition(" ") if line.startswith((".", "'")) else ("", "", line)
        if request in ("", ".B", ".I", ".BR", ".IR", ".BI", ".IB", ".RB", ".RI", ".SS"):
            kept = rest if len(request) < 3 or request == ".SS" else "".join(rest.split())
            for name, sign in _NAMES.items():
                kept = kept.replace(name, sign)
            lines.append(_ROFF.sub("", kept))
    return "\n".join(lines)


def _sections(package: str) -> Iterator[tuple[str, str]]:
    """The headings of a manual without their numbers, and the text below each, up to the next."""
    for page in _files(package, ".html"):
        every = html.fromstring(page.encode()).iter("div")
        sections = [one for one in every if re.fullmatch(r"sect\d", one.get("class") or "")]
        for section in reversed(sections):  # inner ones first, which are then taken out of the outer one
            heading = section.xpath("string((.//*[contains(@class, 'titlepage')])[1])")
            for part in section.xpath(".//div[@class='titlepage' or @class='toc']"):
                part.drop_tree()
            yield re.sub(r"^\s*[\dA-Z.]+\.\s+", "", heading), section.text_content()
            section.drop_tree()


def _below_headings(package: str, taken: str) -> Iterator[tuple[str, str]]:
    """The headings of pages without their numbers, and the text from each to the next."""
    for page in _files(package, ".html", taken):
        tree = html.fromstring(page.encode())
        for part in tree.xpath(_ASIDE):
            part.drop_tree()
        heading, below = "", list[str]()
        for is_heading, text in [*_read(tree), (True, "")]:
            if not is_heading:
                below.append(text)
                continue
            if heading:
                yield _NUMBER.sub("", heading).replace("¶", "").replace("#", "").strip(), " ".join(below)
            heading, below = text, []


def _read(element: html.HtmlElement) -> Iterator[tuple[bool, str]]:
    """The texts of an element in their order, each with whether it is a heading."""
    if isinstance(element.tag, str):  # no comment
        if element.tag in _HEADINGS:
            yield True, " ".join(element.text_content().split())
        else:
            yield False, element.text or ""
            for child in element:
                yield from _read(child)
    yield False, element.tail or ""


def _help_pages() -> Iterator[tuple[str, str]]:
    """The titles of GNOME's help in English, and the pages without their headers."""
    for page in _files("gnome-user-docs", ".page", "/C/"):
        tree = etree.fromstring(page.encode())
        title = tree.find("{*}title")
        if title is not None:
            for part in [*tree.findall("{*}info"), title]:
                tree.remove(part)
            yield "".join(title.itertext()), "".join(tree.itertext())
