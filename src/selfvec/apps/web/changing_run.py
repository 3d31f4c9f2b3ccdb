"""A run that changes under its page: after an update, answers come from the new state.

So nothing of withdrawn documents is given out, and new ones are found. The page asks `state` every some
seconds and says that the run was updated; see ``static/changed.js``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from selfvec.base.errors import SelfvecError
from selfvec.storage.run_folder import present_state

from .addresses import address
from .first_view import prepare
from .page_data import Json, PageData

_TRIES = 3  # of a question whose run changes while it is answered: somebody may update it twice

T = TypeVar("T")


class PresentPage:
    """The data of the page. They belong to one state of the run, and give way to those of the next."""

    def __init__(self, data: PageData) -> None:
        self._data = data
        self._lock = threading.Lock()

    def now(self) -> PageData:
        """The data of the page; `SelfvecError` if the folder of the run is gone or damaged."""
        with self._lock:
            run = present_state(self._data.run)
            if run is not self._data.run:
                _ = run.tokens  # damaged ones are an error here, before threads are started
                fresh = PageData(run, self._data.jobs, self._data.first, writes=self._data.writes)
                fresh.index.begin()  # first, because more waits for it than for anything else
                prepare(fresh)
                self._data.tasks.close()  # nothing more will be asked of the state before
                self._data = fresh
            return self._data

    async def answer(self, ask: Callable[[PageData], Awaitable[T]]) -> T:
        """What ``ask`` makes of the data; again if it fails because the run got another state meanwhile."""
        for tried in range(1, _TRIES + 1):
            data = await asyncio.to_thread(self.now)  # opens files, and others are answered meanwhile
            try:
                return await ask(data)
            except SelfvecError:  # as of a file that the update has removed
                if tried == _TRIES or await asyncio.to_thread(self.now) is data:
                    raise
        raise AssertionError


@address("/api/state")
def state(page: PageData) -> Json:
    """The state of the run that answers are computed from, and whether it is newer than the first one."""
    return {"newer": page.run.stamp != page.first, "stamp": page.run.stamp}
