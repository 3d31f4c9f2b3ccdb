"""How much memory does ``selfvec serve`` take on a long text, while the page is opened for the first time?

The text is 97 MB: the abstracts of PubMed again and again, each time with other words in every seventh
place, so that no passage repeats. The peak is that of the resident set (``VmHWM``), from the start of the
server to the last answer: all words compared and tested, a word's sentences, a question, and both maps.
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.datasets import PUBMED
from benchmarks.harness import Result, resident

SIZE = 97_000_000  # characters of text
MOST = 1000  # MB


def write_text(path: Path) -> None:
    """The abstracts as JSON lines."""
    chance, written, round_ = random.Random(1), 0, 0
    with gzip.open(PUBMED, "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in file]
    words = [word for document in documents for word in document["text"].split()]
    with path.open("w", encoding="utf-8") as file:
        while written < SIZE:
            for document in documents:
                text = document["text"].split()
                if round_:
                    text = [word if chance.random() > 0.15 else chance.choice(words) for word in text]
                fields = {"id": f"{document['id']}-{round_}", "text": " ".join(text)}
                file.write(json.dumps(document | fields) + "\n")
                written += len(fields["text"])
                if written >= SIZE:
                    break
            round_ += 1


def _ask(address: str, path: str, **asked: Any) -> dict[str, Any]:
    """An answer of the server; waits while it is being computed."""
    while True:
        try:
            with urlopen(f"{address}api/{path}?{urlencode(asked)}", timeout=600) as answer:
                found: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            if error.code != 503:
                raise
            found = {"ready": False}
        if found.get("ready", True) and found.get("whole", True) and found.get("testing") is None:
            return found
        time.sleep(0.5)


def run() -> list[Result]:
    """The peak, and how long the first list of words and all tests take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_text(folder / "text.jsonl")
        refine = ["refine", "text.jsonl", "-o", "run", "--date-field", "year", "--slice", "decade"]
        subprocess.run(
            [sys.executable, "-m", "selfvec", *refine], cwd=folder, check=True, capture_output=True
        )
        command = [sys.executable, "-m", "selfvec", "serve", "run", "--port", "0"]
        start = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                address = server.stdout.readline().strip()
                key = _ask(address, "about")["default"]
                first = _ask(address, "ranking", c=key)["rows"][0]["word"]
                seconds = time.perf_counter() - start
                assert _ask(address, "uses", w=first, c=key)["texts"]
                assert _ask(address, "search", query="treatment of heart failure")["rows"]
                assert _ask(address, "map", of="documents")["documents"] > 50_000
                _ask(address, "map", c=key)
                peak = resident(server.pid)
            finally:
                server.terminate()
    note = f"all is compared and tested after {seconds:.0f} s"
    return [
        Result("serve: 97 MB of text, peak memory", peak, "MB", "the target of 1,000 MB", MOST / peak, note)
    ]
