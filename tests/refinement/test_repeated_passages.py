"""A site menu in every fifth document: what it does to vectors, and what is said about it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.commands import ran

import selfvec
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.retrieval.documents import GatheredDocuments
from selfvec.storage.run_folder import open_run
from selfvec.text.repeats import repeated_tokens, repeats_of

BANK = "mortgage bank loan default lender borrower payment house owner court notice auction"
FARM = "market farm vegetables fruit organic growers season soil seeds water tractor harvest crops"
MENU = "home about us our services foreclosure revitalization entrepreneurship workforce loans contact news"


def texts(number: int = 300, seed: int = 0) -> list[str]:
    """Texts about banks, in which *foreclosure* is rare, and about farms; one in five has the menu."""
    rng, subjects = np.random.default_rng(seed), (FARM.split(), BANK.split())
    made = []
    for i in range(number):
        words = list(rng.choice(subjects[i % 2], 60))
        if i % 6 == 1:
            words[30] = "foreclosure"
        made.append(f"{MENU}. {' '.join(words)}." if i % 5 == 0 else f"{' '.join(words)}.")
    return made


def refined(documents: list[str], **options: Any) -> Run:
    return selfvec.Refiner(**{"method": "decorrelated", **options}).fit(documents, "default").run_.present


@pytest.fixture(scope="module")
def run() -> Run:
    return refined(texts())


def told(run: Run, level: str) -> dict[str, Any]:
    """The last finding of health, which is of repeated passages."""
    finding = run.health_report["findings"][-1]
    assert (finding["kind"], finding["level"]) == ("repeated passages", level)
    return finding


def nearest(run: Run, word: str, number: int = 5) -> set[str]:
    return {term for term, _ in run.vectors.most_similar(word, topn=number)}


def test_words_of_the_menu_do_not_become_neighbours(run: Run) -> None:
    assert nearest(run, "foreclosure") <= set(BANK.split())
    assert nearest(refined(texts(), repeats="keep"), "foreclosure") & set(MENU.split())


def test_the_run_says_how_much_was_repeated(run: Run) -> None:
    said = run.provenance["repeats"]
    assert said["counted"] == "once"
    assert said["example_documents"] == 60
    assert said["example"].startswith("home about us our services foreclosure")
    assert said["tokens"] == 59 * len(MENU.split())
    assert run.provenance["text"]["dropped"]["repeated passages"] == said["tokens"]
    text = run.provenance["text"]
    assert text["tokens"] + sum(text["dropped"].values()) == text["raw_tokens"]
    told(run, "ok")
    assert run.health_report["repeated"] == pytest.approx(said["share"])
    assert selfvec.why(run, "mortgage", "lender").repeated == pytest.approx(said["share"])


@pytest.mark.parametrize("options", [{"repeats": "keep"}, {"method": "paper"}])
def test_health_warns_where_every_occurrence_counts(options: dict[str, Any]) -> None:
    run = refined(texts(), **options)
    assert "--repeats once" in told(run, "warn")["remedy"]
    assert run.provenance["text"]["dropped"] == {}
    once = refined(texts(), **options | {"repeats": "once"})
    assert once.provenance["tokens"] < run.provenance["tokens"]


def test_templates_are_counted_as_they_are() -> None:
    lines = [f"{' '.join(BANK.split()[k:] + FARM.split())} done" for k in range(5)] * 40
    run = refined(lines)
    assert run.provenance["repeats"]["templates"]
    assert run.provenance["repeats"]["counted"] == "all"
    assert run.provenance["tokens"] == run.provenance["text"]["raw_tokens"]
    assert "many documents consist of them" in told(run, "warn")["says"]
    assert refined(lines, repeats="once").provenance["repeats"]["counted"] == "once"


def test_a_run_that_keeps_nothing_keeps_no_example() -> None:
    run = refined(texts(), keep="nothing")
    assert run.provenance["repeats"]["example"] == ""
    assert "entrepreneurship" not in json.dumps([dict(run.provenance), run.report_json])
    assert run.health_report["findings"][-1]["kind"] == "repeated passages"


def test_text_without_repeats_is_left_alone() -> None:
    documents = [text.removeprefix(f"{MENU}. ") for text in texts()]
    one, other = refined(documents), refined(documents, repeats="keep")
    assert_array_equal(one.vectors.vectors, other.vectors.vectors)
    assert one.provenance["repeats"]["tokens"] == 0
    assert [finding["kind"] for finding in one.health_report["findings"]] == ["healthy"]


def test_the_folder_keeps_passages_and_the_whole_text(run: Run, tmp_path: Path) -> None:
    selfvec.save_run(run, tmp_path / "run")
    opened = open_run(tmp_path / "run")
    assert_array_equal(repeats_of(opened).passages, repeats_of(run).passages)
    assert repeats_of(opened).as_dict(Settings()) == run.provenance["repeats"]
    mask = repeated_tokens(opened)
    assert mask.sum() == len(MENU.split())  # where it is counted
    selfvec.save_run(opened, tmp_path / "again")
    assert_array_equal(repeats_of(open_run(tmp_path / "again")).passages, repeats_of(run).passages)


def test_commands_show_the_share(tmp_path: Path) -> None:
    (tmp_path / "site.txt").write_text("\n".join(texts()), "utf-8")
    made = [str(tmp_path / "site.txt"), "-o", str(tmp_path / "run"), "--method", "decorrelated"]
    assert "each was counted once" in ran(["refine", *made]).err
    for command in ("run health", "run info", "text why"):
        words = ["mortgage", "lender"] if command == "text why" else []
        assert "3.8%" in ran([*command.split(), tmp_path / "run", *words]).out, command
    told = ran(["refine", *made, "--overwrite", "--repeats", "keep"]).err.splitlines()
    (warning,) = [line for line in told if "repeats passages" in line]
    assert warning.startswith("warning: repeated passages: ")
    assert "every occurrence was counted" in warning
    assert warning.endswith("; refine with --repeats once")
    ran(["refine", *made, "--overwrite", "--repeats", "twice"], 2)


def test_snippets_show_what_the_document_says_itself() -> None:
    rng = np.random.default_rng(3)
    ends = [" ".join(rng.choice(FARM.split(), 80)) for _ in range(60)]
    menu = f"{MENU} privacy legal sitemap press login donate partners events volunteer"
    pages = [f"{menu}. {ends[i]} the foreclosure of plot {i} {ends[-1 - i]}." for i in range(30)]
    index = selfvec.Index.memory(refined(pages), GatheredDocuments.of(pages))
    hits = index.search("foreclosure of loans", top=5).hits
    assert hits
    for hit in hits:
        assert "the foreclosure of plot" in hit.snippet
        assert "entrepreneurship" not in hit.snippet


def test_example_sentences_are_not_from_the_menu(run: Run) -> None:
    for use in selfvec.why(run, "foreclosure", "mortgage", examples=3).uses:
        assert "entrepreneurship" not in use.text
