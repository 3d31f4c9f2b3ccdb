"""A corpus of four subjects that share only small words, written by us, and its run."""

import numpy as np
import pytest
from tests.analysis.concepts.subjects import ORDER, PHRASES, SUBJECTS, subject_table

import selfvec
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run


@pytest.fixture(scope="session")
def subject_texts() -> list[str]:
    """300 documents, each of one subject, two fifths of them about storms; three in five have a phrase."""
    rng = np.random.default_rng(7)
    texts = []
    for i in range(300):
        name = ORDER[i % 5]
        words = rng.choice(SUBJECTS[name], 9)
        phrase = f"with {PHRASES[name]} " if rng.random() < 0.6 else ""
        texts.append(f"The {words[0]} and the {' '.join(words[1:5])} {phrase}near the {' '.join(words[5:])}.")
    return texts


@pytest.fixture(scope="session")
def subject_run(tmp_path_factory, subject_texts: list[str]) -> Run:
    """A saved run of subjects.txt beside it, with phrases."""
    folder = tmp_path_factory.mktemp("concepts")
    (folder / "subjects.txt").write_text("\n".join(subject_texts) + "\n", encoding="utf-8")
    listed = folder / "terms.txt"
    listed.write_text("\n".join(PHRASES.values()) + "\n")
    model = selfvec.Refiner(method="decorrelated", window=9, phrases=str(listed))
    model.fit(folder / "subjects.txt", subject_table()).save(folder / "run")
    return open_run(folder / "run")


@pytest.fixture
def subject_of() -> dict[str, str]:
    """The subject of each word and phrase."""
    found = {word: name for name, words in SUBJECTS.items() for word in words}
    return found | {phrase.replace(" ", "_"): name for name, phrase in PHRASES.items()}
