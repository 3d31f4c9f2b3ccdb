"""How long do accepted requests take when many clients ask a server, and what are the others told?

``python -m benchmarks robustness.load ADDRESS [CLIENTS [SECONDS]]`` asks a server that is running. A
client keeps its connection, asks for words, their sentences and completions in turn, and comes back when
it is told to.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import numpy as np


@dataclass
class Load:
    """What clients saw."""

    seconds: list[float] = field(default_factory=list)  # of accepted requests
    kinds: Counter[str] = field(
        default_factory=Counter
    )  # accepted, told (with a time to come back), lost, other
    lasted: float = 0.0

    def quantile(self, share: float) -> float:
        """Seconds in which this share of the accepted requests was answered."""
        return float(np.quantile(self.seconds, share)) if self.seconds else float("inf")

    def line(self) -> str:
        """The figures in one line."""
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(self.kinds.items()))
        return (
            f"{kinds}; {len(self.seconds) / self.lasted:.0f} accepted a second; "
            f"median {self.quantile(0.5):.3f} s, 99 % {self.quantile(0.99):.3f} s"
        )


def load(address: str, clients: int, seconds: float) -> Load:
    """Let clients ask a server for some seconds."""
    words = _listed_words(address)
    asked = [f"/api/{path}{quote(word)}" for word in words for path in ("word?w=", "uses?w=", "complete?q=")]
    return asyncio.run(_load(urlsplit(address), asked, clients, seconds))


def _listed_words(address: str) -> list[str]:
    """The words that changed most, when they have been compared."""
    while True:
        with urlopen(f"{address}api/ranking?limit=200") as answer:
            found = json.load(answer)
        if found["ready"]:
            return [row["word"] for row in found["rows"]]
        time.sleep(0.5)


async def _load(address: object, asked: list[str], clients: int, seconds: float) -> Load:
    found, start = Load(), time.monotonic()
    await asyncio.gather(
        *(_client(address, asked[i::7] or asked, start + seconds, found) for i in range(clients))
    )
    found.lasted = time.monotonic() - start
    return found


async def _client(address: object, asked: list[str], end: float, found: Load) -> None:
    number = 0
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)  # type: ignore[attr-defined]
        except OSError:
            found.kinds["lost"] += 1
            await asyncio.sleep(1)
            continue
        try:
            while time.monotonic() < end:
                start = time.monotonic()
                writer.write(f"GET {asked[number % len(asked)]} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
                status, headers = await asyncio.wait_for(_answer(reader), 60)
                number += 1
                if status == 200:
                    found.kinds["accepted"] += 1
                    found.seconds.append(time.monotonic() - start)
                elif wait := headers.get("retry-after"):
                    found.kinds["told"] += 1
                    await asyncio.sleep(int(wait))
                else:
                    found.kinds[f"status {status}"] += 1
                    await asyncio.sleep(1)
                if headers.get("connection") == "close":
                    break
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            found.kinds["lost"] += 1
            await asyncio.sleep(1)
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(headers.get("content-length", 0)))
    return int(head[0].split()[1]), headers


def main(arguments: list[str]) -> int:
    """Ask a server that is running, and print what the clients saw."""
    address, *numbers = arguments
    print(load(address, *(int(number) for number in numbers or ("500", "10"))).line())
    return 0
