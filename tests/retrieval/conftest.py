"""A run of two hundred reports with places and dates, written by us, and its index."""

import shutil
from pathlib import Path

import pytest
from tests.retrieval.word_sums import encoded, passages_of

from selfvec import refine
from selfvec.apps.run import save_run
from selfvec.data.run import Run
from selfvec.retrieval import Index
from selfvec.retrieval.documents import gather
from selfvec.storage.run_folder import open_run

STATES = ("IOWA", "OHIO", "UTAH")


@pytest.fixture(scope="session")
def reports() -> list[str]:
    """Distinct short reports, of which every twentieth is long enough to have passages."""
    things = ["hail", "wind", "tornado", "flood", "snow", "lightning", "fog", "drought"]
    places = ["farm", "village", "road", "bridge", "school", "river", "county", "airport"]
    acts = ["broke windows at", "closed", "damaged roofs near", "blew over", "hit", "was reported from"]
    line = "{} {} the {}. Large {} followed and {} the {} later."
    out = []
    for i in range(200):
        a, b, c = things[i % 8], acts[i % 6], places[(i * 3 + i // 8) % 8]
        d, e, f = things[(i * 5 + i // 6) % 8], acts[(i + i // 7) % 6], places[(i * 7 + 1) % 8]
        text = line.format(a, b, c, d, e, f).capitalize() + f" Report number {i}."
        out.append(
            text if i % 20 else " ".join([text, *(f"Nothing else was seen on day {n}." for n in range(60))])
        )
    return out


@pytest.fixture(scope="session")
def storm_run(tmp_path_factory, reports: list[str]) -> Run:
    """A saved run of them, with dates and states."""
    folder = tmp_path_factory.mktemp("search") / "run"
    rows = [
        {
            "id": f"r{i}",
            "text": text,
            "date": f"{1990 + i % 10}-0{1 + i % 9}-15",
            "state": STATES[i % 3],
            "size": i,
        }
        for i, text in enumerate(reports)
    ]
    refine(rows, method="decorrelated", output=folder)
    return open_run(folder)


@pytest.fixture(scope="session")
def index(tmp_path_factory, storm_run: Run) -> Index:
    """The opened index of the run's own documents."""
    found = gather(storm_run)
    return Index.memory(storm_run, found).saved(tmp_path_factory.mktemp("index") / "index")


@pytest.fixture
def copied_run(tmp_path: Path, storm_run: Run) -> Run:
    """A copy of the run that tests may change."""
    shutil.copytree(storm_run.folder, tmp_path / "run")
    return open_run(tmp_path / "run")


@pytest.fixture(scope="session")
def encoded_run(tmp_path_factory, storm_run: Run) -> Run:
    """The run, saved with the vectors of all of its passages and words, and of two words that it lacks."""
    words = [*storm_run.vectors.index_to_key, "avalanche", "Seoul"]
    folder = tmp_path_factory.mktemp("encoded") / "run"
    save_run(
        storm_run.present.replace(parts={"encoded": encoded([*passages_of(storm_run), *words])}, folder=None),
        folder,
    )
    return open_run(folder)
