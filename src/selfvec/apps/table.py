"""The table of commands. A row names a public function, shows it at work, and says how its result is printed.

What a command takes is what its function takes, see `selfvec.base.declarations`. To add a command, write the
function, and add a row here: it is then also a function of `selfvec`. Nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from selfvec.base.declarations import Declaration, Kind, Parameter, declared_at
from selfvec.transforms import TRANSFORMS

_TAKEN = {
    "vectors": "A vectors file, a run folder, or default.",
    "encoder": "The folder of an encoder or language model, or an encoder's name.",
}


@dataclass(frozen=True)
class CommandRow:
    """A command.

    Attributes
    ----------
    calls : str
        The place of its function in the package.
    examples : tuple of str
        Without "selfvec" and the name of the command.
    view : str
        A function of `selfvec.views` that makes a table or text of the result; by default a table of rows.
    show : str
        In place of it, a function of `selfvec.apps.cli.shown` that prints the result and the messages.
    writes : str
        A function that writes the result to the file of --output.
    page : str
        A function of `selfvec.views` that makes the report of the result. ``title`` suffices for plain rows.
    transform : str
        The name of a method of `selfvec.transforms`. Its class, which takes the options, is in ``calls``.
    values : dict
        How the values of some options are written, where that differs from `selfvec.apps.cli.tree`.
    help : dict
        Help of options, where the command line does something else than the function.
    flags : dict
        Flags of parameters that have another name there.
    defaults : dict
        Defaults where they differ from those of the function; ``{run}`` is the run that was given.
    also : dict
        Parameters by further flags, which are not shown.
    hidden : tuple of str
        Options that the help leaves out.
    needs : tuple of str
        Options that the command needs, and the function not.
    repeated : dict
        Arguments that the JSON repeats, by their keys.
    fails : str
        The entry of the JSON that makes the exit status 1 unless it is empty or false; with "not" before
        it, if it is.
    failed : str
        What the exit status 1 means then.
    json : bool
        Whether the result can be printed as JSON.
    public : bool
        Whether `selfvec` has the function, too.
    """

    calls: str
    examples: tuple[str, ...] = ()
    view: str = "terminal.result_table"
    show: str = ""
    writes: str = ""
    page: str = ""
    title: str = ""
    transform: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    help: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    repeated: Mapping[str, str] = field(default_factory=dict)
    fails: str = ""
    failed: str = ""
    json: bool = True
    public: bool = True

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.calls.rpartition(".")[2]

    @property
    def declaration(self) -> Declaration:
        """What the function takes, or a method and what it transforms."""
        own = declared_at(self.calls)
        parameters = dict(own.parameters)
        if self.transform:
            takes = TRANSFORMS[self.transform].takes
            parameters = {takes: Parameter(takes, kind=Kind("path"), help=_TAKEN[takes]), **parameters}
        return replace(own, parameters=parameters)


_LISTED = "{}; by default {}, with --json all."

TOP: dict[str, CommandRow] = {
    "demo": CommandRow(
        "apps.starting.demo",
        ("", "-o my-demo"),
        show="demo",
        values={"output": "RUN"},
        public=False,
    ),
    "example": CommandRow(
        "corpus.example_text.example",
        ("storms.jsonl",),
        show="example",
        values={"path": "FILE.jsonl"},
    ),
    "refine": CommandRow(
        "apps.functions.refine.refine",
        (
            "reports.csv --text-field narrative -o run",
            "notes/ -o run --vectors GoogleNews.bin --stop-words en",
            "news.jsonl -o run --slice year --encoder minilm",
        ),
        help={"corpus": "Files or folders of text; - reads standard input."},
        show="refined",
        values={"output": "RUN", "encoder": "NAME|FOLDER"},
        flags={"oov": "--oov-vectors"},
        hidden=("epochs",),
        needs=("output",),
    ),
    "update": CommandRow(
        "apps.functions.update.update",
        ("run reports-2024.csv", "run --withdraw A17,B4", "run reports-2024.csv --dry-run"),
        help={
            "corpus": "Files or folders of new text; - reads standard input.",
            "output": "A new run folder; by default the run gets a new state.",
        },
        show="updated",
        values={"corpus": "[NEWCORPUS...]", "encoder": "NAME|FOLDER"},
        defaults={"output": "{run}"},
    ),
    "search": CommandRow(
        "retrieval.run_search.search",
        ('run "damage to roofs"', 'run "damage to roofs" --filter date=1996..1998'),
        show="search",
        page="pages.search_page",
    ),
    "ask": CommandRow(
        "apps.answers.ask",
        ('reports/ "damage to roofs"', 'reports.csv "damage to roofs" --text-field narrative'),
        show="search",
        page="pages.search_page",
        values={"source": "FOLDER", "question": "QUERY"},
    ),
    "similar": CommandRow(
        "apps.similar_words.similar",
        (
            "run hail tornado",
            "run hail --compare --top 5",
            "run acft --as replacement",
            "run --document A17",
        ),
        show="similar",
        title="Similar words",
        values={"vectors": "RUN|VECTORS", "words": "[WORD...]"},
    ),
    "drift": CommandRow(
        "analysis.word_drift.drift.drift",
        (
            "run --between 1990..1999 2010..2019 --fdr 0.05",
            "run --words hail,storm --report drift.html",
        ),
        help={"top": _LISTED.format("Words listed", 20)},
        show="drift",
        page="pages.drift_page",
        values={"words": "W[,W...]"},
        defaults={"examples": 2},
    ),
    "monitor": CommandRow(
        "analysis.monitoring.monitor",
        ("run reports-2024.csv", "run reports-2024.csv --report monitor.html"),
        show="monitor",
        page="monitoring.monitoring_page",
        hidden=("date_field",),
        help={"documents": "Files or folders of new text; - reads standard input."},
        values={"documents": "NEW..."},
        repeated={"run": "run"},
        fails="alarm",
        failed="an alarm",
    ),
    "report": CommandRow(
        "apps.functions.report.report",
        ("run -o report.html", "run -o report.html --words hail,storm"),
        show="reported",
        values={"output": "FILE.html", "words": "W[,W...]"},
    ),
    "evaluate": CommandRow(
        "evaluation.measure.evaluate",
        ("run --similarity men3000.tsv", "run --retrieval scifact/ --against all"),
        view="run_tables.evaluation_table",
        title="Evaluation",
        values={
            "vectors": "RUN|VECTORS...",
            "dictionary": "TSV...",
            "bias_sets": "FILE...",
            "dimensions": "N[,N...]",
        },
        also={"--lexicon": "dictionary"},
    ),
    "export": CommandRow(
        "exporters.exporter.export",
        (
            "run --to sentence-transformers",
            "run --to lancedb -o store",
            "run --to lancedb -o store --update",
        ),
        show="exported",
        values={"to": "TARGET"},
        repeated={"run": "run"},
    ),
    "serve": CommandRow("apps.starting.serve", ("run", "run --save run.html"), json=False, public=False),
    "mcp": CommandRow("apps.starting.mcp", ("run", "run --http 8766"), json=False, public=False),
}
VECTORS: dict[str, CommandRow] = {
    "list": CommandRow(
        "apps.functions.vectors.list_vectors", ("",), view="vectors_table.vectors_table", public=False
    ),
    "fetch": CommandRow(
        "apps.functions.vectors.fetch",
        ("glove-6b-300",),
        show="fetched",
        values={"output": "DIR"},
    ),
    "convert": CommandRow(
        "apps.functions.vectors.convert",
        ("GoogleNews.bin -o vectors.safetensors", "run -o short.vec --dimensions 100"),
        show="converted",
    ),
    "compress": CommandRow(
        "transforms.compress.compress",
        ("run -o small.safetensors", "run -o small.safetensors --below 5MB"),
        view="vectors_table.compression_text",
        values={"vectors": "IN", "keep": "PERCENT"},
        fails="not enough",
        failed="no candidate keeps enough",
    ),
    "align": CommandRow(
        "analysis.alignment.align.align",
        ("run-1990 run-2020 -o aligned.vec", "en.vec es.vec -o both --dictionary en-es.tsv"),
        show="aligned",
        needs=("output",),
    ),
    **{
        row.name: CommandRow(
            f"transforms.{row.home}",
            (f"{row.source} -o {'new' if row.takes == 'encoder' else 'new.vec'} {row.example}",),
            show="transformed",
            needs=("output",),
            transform=row.name,
            values={row.takes: "IN"},
        )
        for row in TRANSFORMS.values()
    },
}
RUN: dict[str, CommandRow] = {
    "info": CommandRow(
        "storage.inspection.info",
        ("run", "GoogleNews.bin"),
        view="run_summary.contents_table",
        values={"path": "RUN|INDEX|VECTORS"},
    ),
    "health": CommandRow(
        "apps.run.health", ("run",), view="run_tables.health_panel", fails="verdicts", failed="a check failed"
    ),
    "verify": CommandRow(
        "storage.inspection.verify",
        ("run",),
        view="run_summary.verified_text",
        values={"path": "RUN|INDEX"},
        fails="damaged",
        failed="there are damaged files",
    ),
    "merge": CommandRow(
        "apps.functions.update.merge",
        ("run-2023 run-2024 -o run",),
        show="merged",
        needs=("output",),
        values={"output": "RUN", "encoder": "NAME|FOLDER"},
    ),
    "undo": CommandRow("apps.functions.update.undo", ("run",), show="undone"),
    "watch": CommandRow(
        "apps.functions.update.watch",
        ("run inbox/", "run inbox/ --every 60"),
        show="watched",
        values={"corpus": "NEWCORPUS..."},
    ),
    "migrate": CommandRow(
        "exporters.migrate.migrate",
        ("run-lancedb --old run --new newer", "run-lancedb --old run --new newer --dry-run"),
        show="migrated",
        values={"keep": "PERCENT"},
        also={"--from": "old", "--to": "new"},
        repeated={"store": "store", "from": "old", "to": "new"},
        fails="re_embed",
        failed="re-embed",
    ),
    "compare": CommandRow(
        "analysis.alignment.compare.compare",
        ("run-1990 run-2020", "run-1990 run-2020 --top 30 --report differences.html"),
        view="word_tables.comparison_table",
        title="{a} and {b} compared",
        values={"a": "RUN_A", "b": "RUN_B"},
        help={"top": "Words shown; by default 20."},
        defaults={"top": 20},
    ),
    "trajectory": CommandRow(
        "apps.functions.trajectories.trajectory",
        ("run hail", "run hail storm --plot hail.html", "run hail --slices"),
        show="trajectory",
    ),
}
TEXT: dict[str, CommandRow] = {
    "phrases": CommandRow(
        "text.phrase_finding.phrases",
        ("reports.csv", "run --top 100"),
        help={"top": _LISTED.format("Phrases listed", 50)},
        show="phrases",
        title="Phrases",
        hidden=("date_field",),
        values={"source": "RUN|CORPUS..."},
    ),
    "topics": CommandRow(
        "analysis.concepts.corpus_topics.topics",
        ("run", "run --number 10 --by year", "run --documents topics.csv"),
        show="topics",
        page="pages.topics_page",
    ),
    "keyness": CommandRow(
        "analysis.keyness.keyness",
        (
            "run --between 1990..1999 2010..2019",
            "run --slice-field kind --filter date=2010..",
            "run --against other-run",
        ),
        help={"top": _LISTED.format("Words listed of each side", 20)},
        show="keyness",
        title="Keyness",
        values={"against": "RUN"},
    ),
    "concordance": CommandRow(
        "analysis.concordance.concordance",
        ('run "flash flood*" --sort right', "run hail --filter date=2019 --csv hail.csv"),
        help={"top": _LISTED.format("Occurrences shown", 20)},
        show="concordance",
        title="Concordance of {query}",
        values={"query": '"WORD or phrase or wild*"', "csv": "FILE.csv"},
    ),
    "collocates": CommandRow(
        "analysis.collocates.collocates",
        ("run hail", "run hail --window 3 --slice 1990..1999"),
        help={"top": _LISTED.format("Words listed", 20)},
        show="collocates",
        title="Collocates of {word}",
        values={"slice": "A..B"},
    ),
    "graph": CommandRow(
        "analysis.concepts.term_graph.graph",
        ("run -o terms.html", "run hail storm -o hail.graphml"),
        show="graph",
        writes="views.graphs.save_graph",
        values={"words": "[WORD...]", "output": "FILE"},
    ),
    "senses": CommandRow(
        "analysis.word_senses.senses",
        ("run mouse", 'run mouse --text "The mouse ate the cheese."'),
        view="word_tables.senses_text",
        title="Senses of {word}",
    ),
    "why": CommandRow(
        "analysis.concepts.shared_contexts.why",
        ("run hail snow",),
        view="run_tables.why_text",
        title="Why {a} and {b} are similar",
        values={"a": "WORD_A", "b": "WORD_B"},
    ),
    "expand": CommandRow(
        "analysis.concepts.query_expansion.expand",
        ('run "damage to roofs"',),
        show="expansion",
        title="Terms related to {query}",
    ),
    "noaa": CommandRow(
        "apps.functions.vectors.noaa",
        ("--years 2020-2023 -o storms",),
        show="noaa",
        values={"output": "DIR"},
        public=False,
    ),
}
GROUPS: dict[str, tuple[str, Mapping[str, CommandRow]]] = {
    "vectors": ("List, fetch, convert, compress, align and change vectors.", VECTORS),
    "run": ("Look into runs, verify, merge, undo, watch, migrate, compare them.", RUN),
    "text": ("Describe a text: phrases, topics, keywords, concordances, senses.", TEXT),
}


def functions() -> Iterator[tuple[str, str]]:
    """The public functions: their names, and the places where they are defined."""
    for name, row in {**TOP, **VECTORS, **RUN, **TEXT}.items():
        if name in TRANSFORMS:
            yield name.replace("-", "_"), TRANSFORMS[name].function
        elif row.public:
            yield row.name, row.calls
