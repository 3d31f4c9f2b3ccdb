"""`PresentPage`: the page of what the run is now, when updates change the run while it is served."""

from __future__ import annotations

import threading

from selfvec.storage.run_folder import present_state

from .page_data import PageData


class PresentPage:
    """The data of the page. An answer is computed from one `PageData`, which belongs to one state of the run.

    When the run gets another state, the page of that state takes the place of the one before. So nothing of
    withdrawn documents is given out, and new ones are found. An answer that needs the index waits for it, as
    when the server starts.
    """

    def __init__(self, data: PageData) -> None:
        self._data = data
        self._lock = threading.Lock()

    def now(self) -> PageData:
        """The data of the page; `SelfvecError` if the folder of the run is gone or damaged."""
        with self._lock:
            run = present_state(self._data.run)
            if run is not self._data.run:
                _ = run.tokens  # damaged ones are an error here, before threads are started
                fresh = self._data.of(run)
                fresh.index.begin()  # first, because more waits for it than for anything else
                fresh.start()
                self._data.stop()
                self._data = fresh
            return self._data
