"""Those who show a run: its page, an assistant's tools, and Python."""

import asyncio
import time
from typing import Any

import pytest
from changing_run import ALL

from selfvec.apps.run import Run

MOST = 100
TOOLS = 20  # documents that an assistant is shown


class Page:
    """The page of a run, in a browser that stays open."""

    def __init__(self, run: Run) -> None:
        pytest.importorskip("fastapi", reason="needs selfvec[serve]")
        pytest.importorskip("httpx", reason="needs httpx")
        from fastapi.testclient import TestClient

        from selfvec.apps.web.app import create_app
        from selfvec.apps.web.page_data import PageData

        data = PageData(run.present, 1)
        self.page = TestClient(create_app(data), base_url="http://127.0.0.1")

    def ask(self, path: str, **asked: Any) -> Any:
        """The answer, when it is ready."""
        for _ in range(6000):
            found = self.page.get(f"/api/{path}", params=asked)
            if found.status_code == 404:
                return None
            if found.status_code != 503 and found.json().get("ready") is not False:
                assert found.status_code == 200, found.text
                return found.json()
            time.sleep(0.01)
        raise TimeoutError(path)

    def documents(self) -> list[tuple[str, str]]:
        rows = self.ask("search", query=ALL, top=MOST)["rows"]
        names = [name for row in rows for name in (row["id"], *row["alike"])]
        return [(name, self.ask("document", id=name)["text"]) for name in names]

    def words(self) -> set[str]:
        typed = [*"aeiou0123456789"]
        found = {word for text in typed for word, _ in self.ask("complete", q=text, n=20)["words"]}
        return found | {word for word, _ in self.ask("overview")["words"]}

    def near(self, name: str) -> list[str]:
        rows = self.ask("similar", document=name, top=MOST)["rows"]
        return [one for row in rows for one in (row["id"], *row["alike"])]

    def sentences(self) -> list[str]:
        uses = self.ask("uses", w=ALL, n=20)
        return ["".join(text for text, _ in use["tokens"]) for one in uses["texts"] for use in one["uses"]]

    def labels(self) -> list[str]:
        return list(self.ask("map")["texts"])


class Assistant:
    """The tools of a run, as an assistant calls them."""

    def __init__(self, run: Run) -> None:
        pytest.importorskip("mcp", reason="needs selfvec[mcp]")
        from selfvec.apps.mcp.server import create_server
        from selfvec.apps.mcp.tools import Tools

        self.server = create_server(Tools(run.present))

    def ask(self, tool: str, **asked: Any) -> Any:
        from mcp import Client

        async def asked_for() -> Any:
            async with Client(self.server) as client:
                return await client.call_tool(tool, asked)

        found = asyncio.run(asked_for())
        return None if found.is_error else found.structured_content

    def documents(self) -> list[tuple[str, str]]:
        rows = self.ask("search", query=ALL, top=TOOLS)["rows"]
        return [(name, row["text"]) for row in rows for name in (row["id"], *row["alike"])]

    def words(self) -> set[str]:
        found = self.ask("similar", word=ALL, top=20)
        return {row["term"] for side in ("before", "after") for row in found[side]} | {*found["gained"]}

    def near(self, name: str) -> list[str]:
        rows = self.ask("similar_documents", document=name, top=TOOLS)["rows"]
        return [one for row in rows for one in (row["id"], *row["alike"])]

    def sentences(self) -> list[str]:
        found = self.ask("drift", word=ALL) or {"rows": []}  # the word may be too rare
        return [text for row in found["rows"] for side in "ab" for text in row[f"examples_{side}"]]

    def labels(self) -> list[str]:
        return []


class Held:
    """A run that somebody holds in Python."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def documents(self) -> list[tuple[str, str]]:
        hits = self.run.search(ALL, top=MOST)
        found = sorted((name, hit.text) for hit in hits for name in (hit.id, *hit.alike))
        assert sorted(text for _, text in found) == sorted(self.run.text.texts())
        return found

    def words(self) -> set[str]:
        near = self.run.similar(ALL, top=MOST)["rows"][0]["neighbours"]
        return {*self.run.vectors.index_to_key, *(word for word, _ in near)}

    def near(self, name: str) -> list[str]:
        found = self.run.similar_documents(name, top=MOST)
        return [one for hit in found.hits for one in (hit.id, *hit.alike)]

    def sentences(self) -> list[str]:
        return self.run.text.texts()

    def labels(self) -> list[str]:
        return []
