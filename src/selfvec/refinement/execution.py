"""Running a refinement to its end, with progress and Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from selfvec.base.errors import Interrupted
from selfvec.base.progress import Progress, Timings
from selfvec.storage.run_folder import TEXT
from selfvec.storage.run_writer import RunWriter
from selfvec.storage.text_file import TextWriter

from .methods.refinement import Refinement


@dataclass
class Execution:
    """Options of execution that do not change the result."""

    writer: RunWriter | None = None  # of a run folder, where long data lie while they are made
    progress: Progress = field(default_factory=Progress)
    jobs: int | None = None  # threads; all cores if None
    timings: Timings = field(default_factory=Timings)  # seconds by stage

    def text_writer(self, name: str = TEXT) -> TextWriter:
        """Writes documents into a file of the run, or into memory."""
        return TextWriter(None if self.writer is None else self.writer.path(name))


def run_to_end(refinement: Refinement, execution: Execution) -> None:
    """Advance a refinement until it is done; `Interrupted` on Ctrl-C, also in the middle of a step."""
    total = int(refinement.batch.counts.sum()) * refinement.rounds
    done = 0
    with execution.progress.stage("Refining", total, "tokens") as advance:
        try:
            while not refinement.done:
                step = _Step(advance)
                read = refinement.advance(step.tick)
                step.end(read)
                done += read
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after {done:,} of {total:,} tokens") from None


class _Step:
    """Shows the progress within a step."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._lock = Lock()
        self._read = 0.0
        self._shown = 0

    def tick(self, tokens: float) -> None:
        """Count tokens; called in threads."""
        with self._lock:
            self._read += tokens
            self.end(int(self._read))

    def end(self, tokens: int) -> None:
        """Show that the step has read so many tokens."""
        self._advance(tokens - self._shown)
        self._shown = tokens
