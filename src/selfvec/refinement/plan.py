"""`Plan`: every decision about a refinement made before a vector changes; `Execution`: how it is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from selfvec.base.progress import Progress, Timings
from selfvec.data.methods import METHODS
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.run_folder import TEXT
from selfvec.storage.run_writer import RunWriter
from selfvec.storage.text_file import TextWriter

from .history import HistoryPlan, parse_history
from .inputs import Inputs
from .selection import Choice


@dataclass(frozen=True)
class Plan:
    """The inputs of a refinement, and its settings resolved for them."""

    inputs: Inputs
    settings: Settings  # as given
    method: str  # never "auto"
    window: int  # tokens, the word itself included
    decision: Choice | None = None  # of ``auto``

    @classmethod
    def of(cls, settings: Settings, inputs: Inputs, method: str, decision: Choice | None = None) -> Plan:
        """The plan of a method, whose options come from ``settings`` or are its defaults."""
        return cls(inputs, settings, method, window_of(settings, inputs.batch, method), decision)

    @property
    def passes(self) -> int:
        """Number of passes over the corpus."""
        name = METHODS[self.method].passes
        return 0 if name is None else int(getattr(self.settings, name))

    @property
    def learning_rate(self) -> float:
        """α; 0 for a method without a learning rate."""
        default, asked = METHODS[self.method].learning_rate, self.settings.learning_rate
        return float(asked) if default and asked is not None else default

    @property
    def anchor(self) -> float:
        """The weight of the original vectors: β of ``online``, λ of ``decorrelated``; 0 for other methods."""
        default, asked = METHODS[self.method].anchor, self.settings.anchor
        return float(asked) if default and asked is not None else default

    @cached_property
    def history(self) -> HistoryPlan:
        """Which states are recorded."""
        return parse_history(self.settings.history_texts)


def window_of(settings: Settings, batch: TokenBatch, method: str) -> int:
    """The window of a method, as given or its default."""
    if settings.window != "auto":
        return int(settings.window)
    from selfvec.text import auto_window

    return METHODS[method].window or auto_window(batch)


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
