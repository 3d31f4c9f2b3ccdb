"""Whether the run's folder holds another state than the one that is served, and which documents it lacks."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.errors import InputError
from selfvec.base.text_files import read_json
from selfvec.data.run import Run
from selfvec.data.run_text import FINGERPRINT
from selfvec.storage.run_folder import open_run


class PresentState:
    """The state of a run on the disk, which `selfvec update` replaces while an older one is served.

    The older state is served until the server stops, because all that was computed belongs to it. But a
    document that was withdrawn must not be read any longer.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: tuple[str, Mask | None] = (run.stamp, None)
        self._seen: tuple[int, int] | None = None  # of the file that was read last

    @property
    def newer(self) -> bool:
        """Whether the folder holds another state."""
        return self.stamp != self._run.stamp

    @property
    def stamp(self) -> str:
        """The checksum of the present state."""
        return self._read()[0]

    def lacks(self, number: int) -> bool:
        """Whether the present state lacks a document of the served one.

        Documents are told by their content, because their numbers, which may be their ids, change.
        """
        lacking = self._read()[1]
        return lacking is not None and bool(lacking[number])

    def _read(self) -> tuple[str, Mask | None]:
        """The checksum of the present state, and the documents that it lacks."""
        run = self._run
        if run.folder is None or not run.stamp:
            return self._known
        with suppress(InputError, OSError):  # the folder is being replaced, or gone: what was known holds
            path = run.folder / "run.json"
            about = path.stat()
            seen = about.st_ino, about.st_mtime_ns
            if seen != self._seen:
                stamp = str(read_json(path, "").get("sha256"))
                if stamp != self._known[0]:
                    self._known = stamp, None if stamp == run.stamp else self._lacking()
                self._seen = seen
        return self._known

    def _lacking(self) -> Mask | None:
        run = self._run
        if run.text is None or run.folder is None:
            return None
        found: Mask = np.ones(len(run.text), bool)
        now = open_run(run.folder).text
        with suppress(InputError, OSError):  # the served text was deleted: an update without undo
            if now is not None:
                served, present = (text.read((FINGERPRINT,))[FINGERPRINT] for text in (run.text, now))
                found = ~np.isin(served.to_numpy(), present.to_numpy())
        return found if found.any() else None
