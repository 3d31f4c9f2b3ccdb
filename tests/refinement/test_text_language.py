"""Refine says the language of the text and, where the vectors are of another, what helps."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran

import selfvec
from selfvec.data.settings import Settings
from selfvec.text.language_recognition import language_of_text, note_on_language

PARTS = {  # of sentences: who did it, to what, and more
    "German": (
        "de",
        ["Der Hagel zerschlug", "Ein Sturm zerstörte"],
        ["die Dächer im Dorf", "das Haus am Fluss"],
        ["und wir haben es nicht gesehen", "als sie aus der Schule kamen", "aber es war schon dunkel"],
    ),
    "French": (
        "fr",
        ["La grêle a brisé", "Le vent a détruit"],
        ["les toits du village", "une maison dans la rue"],
        ["et nous ne l'avons pas vu", "quand ils sont sortis de l'école", "mais il faisait nuit"],
    ),
    "Russian": (
        "ru",
        ["Град разбил", "Ветер сорвал"],
        ["крыши в деревне", "дом на берегу"],
        ["и мы этого не видели", "когда они вышли из школы", "но было уже темно"],
    ),
    "English": (
        "en",
        ["The hail broke", "A storm took"],
        ["the roofs of the village", "a house by the river"],
        ["and we did not see it", "when they came from the school", "but it was already dark"],
    ),
}


def texts(name: str) -> list[str]:
    """Twelve sentences of a language."""
    _, *parts = PARTS[name]
    return [f"{' '.join(one)}." for one in product(*parts)]


@pytest.mark.parametrize("name", PARTS)
def test_refine_says_the_language_and_what_helps_at_once(name: str, tmp_path: Path) -> None:
    code = PARTS[name][0]
    (tmp_path / "text.txt").write_text("\n".join(texts(name)) + "\n", "utf-8")
    run = tmp_path / "run"
    said = ran(["refine", tmp_path / "text.txt", "-o", run, "--method", "decorrelated"]).err
    assert f"words of {name}," in said
    help_of = (
        f"--vectors cc.{code}.300 (selfvec vectors fetch cc.{code}.300) or --encoder multilingual-e5-small"
    )
    assert (help_of in said) == (name != "English")
    assert (f"name the language: --language {code}" in said) == (name != "English")
    shown = ran(["run", "info", run]).out
    assert name in shown
    assert (f"cc.{code}.300" in shown) == (name != "English")
    assert json.loads((run / "run.json").read_text("utf-8"))["text"]["language"] == code
    assert selfvec.info(run).about["language"] == code
    remedies = " ".join(one["remedy"] or "" for one in selfvec.health(run)["findings"])
    assert ("glove" not in remedies) or name == "English"


def said_of(folder: Path, lines: list[str]) -> str:
    """What refine says of a text, whose run is then in the folder."""
    (folder / "text.txt").write_text("\n".join(lines), "utf-8")
    return ran(["refine", folder / "text.txt", "-o", folder / "run", "--method", "original"]).err


def test_a_script_without_spaces_is_told_too(tmp_path: Path) -> None:
    parts = product(("ひょう", "嵐"), ("屋根", "家"), ("こわした", "うばった", "見た"))
    said = said_of(tmp_path, [f"{a}は{b}を{c}。" for a, b, c in parts])
    assert "of Japanese" in said
    assert "cc.ja.300" in said


def test_an_unknown_language_is_not_named(tmp_path: Path) -> None:
    parts = product(("blorp", "znik"), ("farl", "quob"), ("trem", "vosk", "luin"))
    said = said_of(tmp_path, [*map(" ".join, parts)])
    assert "words of" not in said
    assert "cc." not in said
    assert "--language" not in said
    remedies = " ".join(one["remedy"] or "" for one in selfvec.health(tmp_path / "run")["findings"])
    assert "glove" not in remedies
    assert selfvec.info(tmp_path / "run").about["language"] is None


GERMAN = [(word, 1) for text in texts("German") for word in text.strip(".").split()]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "de"),
        ({"language": "fr"}, "fr"),  # as asked
        ({"lemmatize": "nl,en"}, "nl"),
        ({"stem": "no"}, "no"),
        ({"stop_words": "en"}, "de"),  # a habit, and the text tells
        ({"stop_words": "my-words.txt"}, "de"),
        ({"tokenizer": "tokenizer.json"}, None),
    ],
)
def test_what_is_asked_counts_before_what_is_recognised(
    options: dict[str, str], expected: str | None
) -> None:
    assert language_of_text(GERMAN, Settings(**options)) == expected


def test_stop_words_that_were_left_out_tell_their_language() -> None:
    assert language_of_text([("hagel", 3), ("dach", 2)], Settings(stop_words="de")) == "de"
    run = selfvec.refine(texts("German"), "none", "original", stop_words="de")
    assert run.provenance.text["language"] == "de"


@pytest.mark.parametrize(
    ("language", "vectors", "known", "expected"),
    [
        ("de", "default", 0.3, "they are of English, and the text is German"),
        ("de", "glove-6b-300", 0.9, "they are of English"),
        ("de", "cc.fr.300", 0.3, "they are of French"),
        ("de", "own.vec", 0.31, "they know 31% of the text, and the text is German"),
        ("de", "own.vec", 0.7, None),
        ("de", "cc.de.300", 0.1, None),
        ("zh-hant", "cc.zh.300", 0.1, None),
        ("de", "potion-multilingual-128M", 0.1, None),
        ("en", "default", 0.1, None),
        ("en", "own.vec", 0.1, None),
        ("en", "cc.de.300", 0.1, "they are of German, and the text is English; better: --vectors cc.en.300"),
        (None, "default", 0.1, None),
    ],
)
def test_the_note_on_vectors(language: str | None, vectors: str, known: float, expected: str | None) -> None:
    note = note_on_language(language, vectors, known, Settings())
    if expected is None:
        assert note is None
    else:
        assert expected in note
        assert "glove" not in note
    named = note_on_language(language, vectors, known, Settings(language=language))
    assert named is None or "--language" not in named


def test_random_vectors_have_no_language_and_an_update_keeps_what_was_said(tmp_path: Path) -> None:
    plain = selfvec.refine(texts("German"), "none", "original")
    assert "notes" not in plain.provenance.vectors
    own = selfvec.Vectors(["Hagel", "Sturm"], np.eye(2, 8, dtype=np.float32))
    run = selfvec.refine(texts("German")[:6], own, "decorrelated", output=tmp_path / "run")
    (note,) = run.provenance.vectors["notes"]
    assert "of the text, and the text is German" in note
    updated = selfvec.update(run, texts("German")[6:], vectors=own)
    assert updated.provenance.text["language"] == "de"
    assert updated.provenance.vectors["notes"] == [note]
