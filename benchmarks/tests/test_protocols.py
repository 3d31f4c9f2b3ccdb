"""One protocol, collection and kind of vectors has one figure on all pages of docs/results/.

Read are the tables whose text names exactly one protocol. Where a table has several, its rows name them, and
`test_figures_of_one_protocol_agree` of tests/test_figures.py compares those.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from benchmarks.figures import read_table
from benchmarks.page import RESULTS, generated

COLLECTIONS = ("MED", "Cranfield", "CACM", "mean")
ALIASES = {"decorrelated": "refined", "retrieval": "mean"}
FIGURE = r"\d\.\d{3}|\d\.\d+ → \d\.\d+"  # of nDCG, or two, before and after
NO_LABELS = {"chosen", "first and chosen", "self-retrieval", "documents", "task", "lost against the best"}
NO_LABELS |= {"UMNSRS", "seconds", "time", "MB"}

Kind = tuple[str, str, str, frozenset[str]]  # protocol, collection, initial vectors, what else names the cell
Figures = dict[Kind, dict[str, set[str]]]  # the figures of each part of a page


def protocols() -> set[str]:
    """The names in the table of protocols."""
    text = (RESULTS / "protocols.md").read_text(encoding="utf-8")
    return set(re.findall(r"\*(.+?)\*", "".join(re.findall(r"^\| (\*[^|]*) \|", text, re.MULTILINE))))


def named_before(text: str, known: set[str]) -> set[str]:
    """The protocols that the last paragraph with a link to their page names."""
    linking = [paragraph for paragraph in text.split("\n\n") if "](protocols.md)" in paragraph]
    if not linking:
        return set()
    paragraph = " ".join(linking[-1].split())
    links = re.findall(r"\[([^\]]*)\]\(protocols\.md\)", paragraph)
    several = [part for link in links for part in ([link] if link in known else re.split(", | and ", link))]
    return {*several, *re.findall(r"\*(.+?)\*", paragraph)} & known


def cells(table: list[list[str]]) -> Iterator[tuple[set[str], str]]:
    """Each cell that is a figure, and all that names it."""
    heads, _, *rows = table
    for row in rows:
        names = {
            cell
            for head, cell in zip(heads, row, strict=True)
            if cell and head not in NO_LABELS and not re.fullmatch(FIGURE, cell)
        }
        for head, cell in zip(heads, row, strict=True):
            if re.fullmatch(FIGURE, cell) and head not in NO_LABELS:
                yield {ALIASES.get(name, name) for name in names | {head.removesuffix(", all")}}, cell


def kinds(protocol: str, names: set[str], cell: str) -> Iterator[tuple[Kind, str]]:
    """The figures of a cell by what they measure; none if it is not of one of the collections."""
    collection = names & set(COLLECTIONS)
    if len(collection) != 1:
        return
    begins = {name for name in names if name.startswith(("GoogleNews", "the built-in vectors"))}
    start = "GoogleNews" if any(name.startswith("GoogleNews") for name in begins) else "built-in"
    left = names - collection - begins - {"dense search"}
    before, arrow, after = cell.partition(" → ")
    if arrow:
        yield (protocol, *collection, start, frozenset(left | {"original"})), before
        yield (protocol, *collection, start, frozenset(left | {"refined"})), after
    else:
        yield (protocol, *collection, start, frozenset(left or {"refined"})), cell


def figures(pages: Mapping[str, str], known: set[str]) -> Figures:
    """The figures of all tables with one protocol."""
    found: Figures = defaultdict(lambda: defaultdict(set))
    for page, text in pages.items():
        for part, content in generated(text).items():
            named = named_before(text.partition(f"<!-- generated:{part} -->")[0], known)
            table = read_table(content)
            if len(named) == 1 and table:
                for names, cell in cells(table):
                    for kind, figure in kinds(min(named), names, cell):
                        found[kind][f"{page}#{part}"].add(figure)
    return found


def differing(found: Figures) -> list[str]:
    """The kinds whose figures differ by more than rounding."""
    return [
        f"{', '.join(map(str, kind[:3]))}, {' '.join(sorted(kind[3]))}: {dict(places)}"
        for kind, places in found.items()
        if not _alike(set().union(*places.values()))
    ]


def _alike(written: set[str]) -> bool:
    decimals = min(len(figure.partition(".")[2]) for figure in written)
    values = [float(figure) for figure in written]
    return max(values) - min(values) <= 0.5 * 10**-decimals + 1e-9


def pages() -> dict[str, str]:
    return {page.stem: page.read_text(encoding="utf-8") for page in sorted(RESULTS.glob("*.md"))}


def test_one_protocol_has_one_figure_on_all_pages() -> None:
    found = figures(pages(), protocols())
    compared = {page for places in found.values() if len(places) > 1 for page in places}
    assert {"gains#expected", "gains#retrieval", "auto#summary", "online#given"} <= compared
    assert differing(found) == [], "name the protocols differently, or measure one of them again"


PAGE = """nDCG@10, protocol [{protocol}](protocols.md):

<!-- generated:part -->
| collection | documents | initial vectors | chosen | original | decorrelated |
|---|---:|---|---|---:|---:|
| MED | 1,033 | the built-in vectors | decorrelated | 0.648 | **{figure}** |
<!-- /generated -->
"""


@pytest.mark.parametrize(
    ("protocol", "figure", "agree"),
    [("dense", "0.764", True), ("dense", "0.730", False), ("dense, two sets", "0.730", True)],
)
def test_two_figures_of_one_name_are_found(protocol: str, figure: str, agree: bool) -> None:
    here = PAGE.format(protocol=protocol, figure=figure)
    other = "Protocol [dense](protocols.md):\n\n<!-- generated:part -->\n"
    other += "| text | the built-in vectors, all |\n|---|---:|\n| MED | 0.65 → 0.76 |\n<!-- /generated -->\n"
    found = figures({"here": here, "other": other}, {"dense", "dense, two sets"})
    assert (differing(found) == []) is agree
