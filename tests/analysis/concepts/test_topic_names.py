"""Names of topics: phrases and nouns of their documents, by counts that are worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import default_rng

import selfvec
from selfvec.analysis.concepts.terms import _verbs, can_name, phrase_names
from selfvec.data.run import Run
from selfvec.text.tagger import english_lexicon

MONEY = ("federal funds rate", "monetary policy")
STORM = ("high water", "flash flooding")
TOPICS = np.repeat([0, 1], [40, 20])
OTHERS = ["persist", "appreciable", "23rd", "2008", "raised", "the", "closed", "give", "of", "road"]
OTHERS += ["seek", "quickly", "12th", "reached", "slowly", "chosen", "unable", "begun", "bring", "gladly"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """40 texts on money and 20 on floods, among other words; half have the second of their phrases, too."""
    draw = default_rng(0)
    texts = []
    for topic in TOPICS.tolist():
        first, second = (MONEY, STORM)[topic]
        phrases = [first, second] if len(texts) % 2 else [first]
        texts.append(". ".join(" ".join([*draw.permutation(OTHERS)[:6], phrase]) for phrase in phrases))
    folder = tmp_path_factory.mktemp("names")
    return selfvec.refine(texts, output=folder / "run", vectors="none", method="decorrelated").present


def test_a_topic_is_named_after_phrases_and_nouns_of_its_documents(run: Run) -> None:
    money, storm = phrase_names(run, TOPICS, 2)
    assert money == ["federal funds rate", "monetary policy"]
    assert storm == ["high water", "flash flooding"]


def test_names_come_from_tokens_where_the_text_was_not_kept(run: Run) -> None:
    assert phrase_names(run.present.replace(text=None), TOPICS, 2) == [list(MONEY), list(STORM)]


FOREIGN = {
    "ar": ("القطار السريع", "المستشفى الكبير", "في على كان ليلا سريعا هنا"),
    "de": ("großer Bahnhof", "müde Pflegerin", "der die und nicht heute dort"),
    "ja": ("東京駅", "心臓手術", "昨日 今日 明日 雨 雪 風"),
    "th": ("สถานีรถไฟ", "พยาบาลวิชาชีพ", "วันนี้ เมื่อวาน ที่นี่ และ มาก น้อย"),
    "zh": ("火车站台", "糖尿病人", "昨天 今天 明天 下雨 很多 都在"),
}


@pytest.mark.parametrize("language", [True, False])
@pytest.mark.parametrize("code", FOREIGN)
def test_every_word_of_a_name_is_a_word_of_the_run(code: str, language: bool) -> None:
    *phrases, others = FOREIGN[code]
    glue, draw = "" if code in ("ja", "th", "zh") else " ", default_rng(0)
    drawn = [draw.permutation(others.split()) for _ in TOPICS]
    texts = [glue.join([*d[:3], phrases[i], *d[3:5]]) for i, d in zip(TOPICS, drawn, strict=True)]
    run = selfvec.refine(texts, "none", "decorrelated", language=code if language else None).present
    names = [name for names in phrase_names(run, TOPICS, 2) for name in names]
    assert names
    assert {word for name in names for word in name.split()} <= {*map(str.lower, run.vectors.index_to_key)}


SIGNED = "Signed-off-by: {0} {1} <{0}@example.org>"
AREAS = {  # its phrase, and other words of it
    "interactive rebase": ["commit", "branch", "todo", "squash", "fixup", "onto", "sequencer", "autosquash"],
    "object database": ["pack", "loose", "hash", "delta", "midx", "bitmap", "repack", "alternate"],
    "credential helper": ["server", "password", "http", "token", "proxy", "login", "keyring", "cookie"],
}


def messages(number: int) -> list[str]:
    """Commits' messages, half of them on the first area; one person signs 93 % of these, another the rest."""
    draw = default_rng(1)
    out = []
    for i in range(number):
        phrase, words = list(AREAS.items())[(0, 1, 0, 2)[i % 4]]
        said = [*draw.choice(words, 5), phrase, *(f"v{n}" for n in draw.choice(500, 7))]
        who = ("Otto", "Berg") if i % 2 or i % 28 == 0 else ("Junia", "Hama")
        out.append(f"{' '.join(draw.permutation(said))}.\n\n{SIGNED.format(*who)}\n")
    return out


def test_a_subject_is_not_called_after_who_signs_nearly_all_of_it() -> None:
    run = selfvec.refine(messages(2000), vectors="none", method="decorrelated")
    assert {"junia", "hama", "otto"} <= {word.lower() for word in run.vectors}
    found = selfvec.topics(run)
    assert found.subjects is not None
    for topic in [*found.topics, *found.subjects.topics]:
        assert not any(word in topic.name.lower() for word in ("junia", "hama", "signed", "otto", "example"))


def test_verbs_name_a_topic_only_where_the_text_has_them_as_nouns() -> None:
    words = [["you", "build", "it"], ["to", "merge", "the", "merge", "a", "merge"], ["the", "process"]]
    text = selfvec.TokenBatch.from_documents([*words, ["to", "take", "a", "test"]])
    verbs = dict(zip(text.types, _verbs(text.types, text.ids).tolist(), strict=True))
    english = bool(english_lexicon())
    assert {word for word, is_verb in verbs.items() if is_verb} == ({"build", "take"} if english else set())


def test_a_word_that_other_topics_have_more_than_half_as_often_names_none_that_has_a_phrase() -> None:
    """*Test* is in all of 40 texts and in 23 of each 40 others; *race condition* in 8 of the first only."""
    draw, texts = default_rng(2), []
    for i in range(120):
        said = ["test"] * (i % 40 < (40, 23, 23)[i // 40]) + ["race condition"] * (i < 8)
        texts.append(" ".join(draw.permutation([*draw.choice(OTHERS, 8, replace=False), *said])))
    whole = selfvec.refine(texts, vectors="none", method="original")
    areas = np.arange(120) // 40
    assert phrase_names(whole.present, areas, 3)[0] == ["race condition", "test"]
    alone = selfvec.refine(
        [text.replace("race condition", "") for text in texts], vectors="none", method="original"
    )
    assert phrase_names(alone.present, areas, 3)[0] == ["test"]


def test_of_names_that_tell_a_topic_as_well_the_encoder_takes_the_nearest_to_its_documents() -> None:
    """All texts of a topic have both of its phrases; the encoder finds those on floods near to one."""
    draw, texts = default_rng(3), []
    for topic in TOPICS.tolist():
        said = [" ".join([*draw.permutation(OTHERS)[:6], phrase]) for phrase in (MONEY, STORM)[topic]]
        texts.append(". ".join(said))

    def near(phrase: str) -> Callable[[list[str]], np.ndarray]:
        """Texts, and the phrase alone, are (1, 0) or (0, 1) by their topic; all else is (1, 1)."""
        rows = {text: ([1, 0], [0, 1])[topic] for text, topic in zip(texts, TOPICS.tolist(), strict=True)}
        return lambda given: np.array([(rows | {phrase: [0, 1]}).get(text, [1, 1]) for text in given], float)

    for first, second in (STORM, STORM[::-1]):
        encoded = selfvec.refine(texts, "none", method="original", encoder=near(first))
        assert phrase_names(encoded.present, TOPICS, 2)[1] == [first, second]


def test_a_topic_that_no_phrase_or_noun_is_typical_of_has_no_such_name(run: Run) -> None:
    alike = np.arange(60) // 2 % 2  # half of each subject in either
    assert phrase_names(run, alike, 2) == [[], []]
    assert phrase_names(run, np.full(60, -1), 1) == [[]]


def test_verbs_adjectives_and_ordinals_name_nothing(run: Run) -> None:
    subject = can_name(run)
    named = ["monetary_policy", "hail", "covid_19_pandemic", "freezing_rain", "miami"]
    others = ["23rd", "2008", "july_15", "ph", "of_rain", "made_landfall", "p_value_s", "riskâ"]
    assert [name for name in [*named, *others[:-1]] if subject(name)] == named
    if english_lexicon():
        assert not any(map(subject, ["appreciable", "give_up", "significantly_higher", "persisted"]))
