"""Corpora that bring their annotation: words, lemmas, tags, sentences and fields are as the file has them."""

from pathlib import Path
from typing import Any

import pytest

import selfvec
from selfvec.base.errors import CorpusError
from selfvec.data.run_text import TAGS

VERTICAL = """<text id="t1" year="1950">
<u who="Ann &amp; Co" id="u1">
<s>
She\tPRP\tshe
saw\tVBD\tsee
<hi rend="b">
Mr.\tNNP\tMr.
</hi>
Smith\tNNP\tSmith
</s>
<s>
AT&amp;T\tNNP\tAT&amp;T
left\tVBD\tleave
</s>
</u>
</text>
<text id="t2" year="1980">
<s>
saws\tNNS\tsaw
</s>
</text>
"""
CONLLU = """# newdoc id = d1
# meta::genre = letter
# text = du
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\tE\t_\t2\tcase\t_\t_
2\tle\tle\tDET\tRD\t_\t0\troot\t_\t_
2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_
3\t10 000\t_\tNUM\t_\t_\t2\tdep\t_\t_

# newdoc
1\tle\tle\tDET\tRD\t_\t0\troot\t_\t_
"""


def read(folder: Path, name: str, text: str, **options: Any) -> selfvec.Run:
    (folder / name).write_text(text, encoding="utf-8")
    return selfvec.refine(folder / name, "none", method="original", **options)


def test_vertical_text(tmp_path: Path) -> None:
    run = read(tmp_path, "a.vrt", VERTICAL)
    first, second = run.text.read(("id", "text", "who", "text_id", TAGS)).rows()
    assert first[:4] == ("u1", "She saw Mr. Smith\nAT&T left", "Ann & Co", "t1")
    assert first[4].startswith("\nshe\tPRP\tPRP\nsee\tVBD\tVBD\n")
    assert second == ("t2", "saws", None, None, "\nsaw\tNNS\tNNS")
    assert run.text.dates() == ["1950", "1980"]

    def found(query: str) -> list[str]:
        return [row["word"] for row in selfvec.concordance(run, query).rows]

    assert found('[lemma="see"]') == ["saw"]
    assert found('[tag="VBD"]') == ["saw", "left"]
    assert found('[lemma="saw"]') == ["saws"]
    assert found('"saw" []* "left" within s') == []
    assert found('"Mr[.]"') == ["Mr."]


def test_conllu(tmp_path: Path) -> None:
    run = read(tmp_path, "a.conllu", CONLLU)
    rows = run.text.read(("id", "text", "genre", TAGS)).rows()
    assert rows[0] == ("d1", "de le 10_000", "letter", "\nde\tADP\tE\nle\tDET\tRD\n10_000\tNUM\tX")
    assert rows[1][:3] == (None, "le", None)
    updated = selfvec.update(run, tmp_path / "a.conllu", allow_duplicates=True)
    assert len(selfvec.concordance(updated, '[lemma="le"]')) == 4
    some = read(tmp_path, "b.conllu", CONLLU, keep_fields=["genre"])
    assert len(selfvec.concordance(some, '[pos="DET"]')) == 2


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.conllu", CONLLU + "2\tmot\n", r"a.conllu:12: a word is a line of 10 columns"),
        ("a.vrt", VERTICAL.replace("saws\tNNS", "saws"), r"a.vrt:19: a word is a line of 3 columns"),
        ("a.vrt", VERTICAL.replace("saws", "s" * 1001), r"a.vrt:19"),
        ("a.vrt", "just\nwords\n", "has a word, its tag and its lemma"),
    ],
)
def test_malformed_lines_are_named(name: str, text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=says):
        read(tmp_path, name, text)


def test_words_that_are_given_do_not_go_with_text(tmp_path: Path) -> None:
    (tmp_path / "a.vrt").write_text(VERTICAL)
    (tmp_path / "b.txt").write_text("plain text")
    with pytest.raises(CorpusError, match="say what their words are"):
        selfvec.refine([tmp_path / "a.vrt", tmp_path / "b.txt"], "none")
