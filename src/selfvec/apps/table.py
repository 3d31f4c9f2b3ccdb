"""The table of commands. A row names a public function, shows it at work, and says how its result is printed.

What a command takes is what its function takes, see `selfvec.base.declarations`. To add a command, write the
function, and add a row here, and an import to `selfvec`. Nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from selfvec.base.declarations import Declaration, declared_at

_FIELDS = ("slice_field", "keep_fields")  # what a run keeps of documents


@dataclass(frozen=True)
class Typed:
    """How a parameter of a function is typed."""

    value: str = ""  # how its value is written; in brackets if it is an argument that may be left out
    help: str = ""  # where the command line does something else than the function
    also: str = ""  # a second flag, which is shown if it is short
    default: Any = None  # where it differs from that of the function; ``{run}`` is the run that was given
    is_flag: bool = False  # although it has to be given
    needed: bool = False  # by the command, and not by the function
    hidden: bool = False

    @classmethod
    def of(cls, given: Typed | str) -> Typed:
        """How it is typed, of which only the value may be said."""
        return cls(given) if isinstance(given, str) else given


@dataclass(frozen=True)
class CommandRow:
    """A command."""

    calls: str  # the place of its function in the package
    examples: tuple[str, ...] = ()  # without "selfvec" and the name of the command
    show: str = ""  # function of `selfvec.apps.cli.shown` that prints a result without a view, such as a run
    page: str = ""  # function that makes the view for a report, if that is another
    report: bool = False  # whether the result can be written as a report
    most: int | None = None  # rows that are printed, unless --top says another number
    prints: str = ""  # a path, or another plain text, that is printed instead of a view
    written: tuple[str, ...] = ()  # options that name a file which the function writes besides
    writes: str = ""  # function that writes the result to the file of --output
    figures: str = ""  # function that makes figures of a result that is none, such as vectors
    options: Mapping[str, Typed | str] = field(default_factory=dict)  # typed otherwise than in all commands
    in_python: tuple[str, ...] = ()  # arguments of the function that hardly anybody would type
    instead: Mapping[str, str] = field(default_factory=dict)  # options that call another function: its place
    repeated: Mapping[str, str] = field(default_factory=dict)  # arguments that the JSON repeats, by its keys
    fails: str = ""  # exit status 1 if this entry of the JSON is not empty; with "not" before it, if it is
    failed: str = ""  # what the exit status 1 means then
    json: bool = True  # whether the result can be printed as JSON

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.calls.rpartition(".")[2]

    @property
    def declaration(self) -> Declaration:
        """What the function takes."""
        return declared_at(self.calls)


TOP: dict[str, CommandRow] = {
    "demo": CommandRow(
        "apps.starting.demo",
        ("", "-o my-demo"),
        show="demo",
        options={"output": "RUN"},
        json=False,
    ),
    "example": CommandRow(
        "corpus.example_text.example",
        ("storms.jsonl",),
        show="example",
        options={"path": "FILE.jsonl"},
        in_python=("seed",),
        json=False,
    ),
    "refine": CommandRow(
        "apps.functions.refine.refine",
        (
            "reports.csv --text-field narrative -o run",
            "notes/ -o run --vectors GoogleNews.bin --stop-words en",
            "news.jsonl -o run --slice year --encoder minilm",
        ),
        options={
            "output": Typed("RUN", needed=True),
            "encoder": "NAME|FOLDER",
            "corpus": Typed(help="Files or folders of text; - reads standard input."),
            "epochs": Typed(hidden=True),
        },
        in_python=("oov", "max_types", "embeddings"),
        show="refined",
    ),
    "update": CommandRow(
        "apps.functions.update.update",
        ("run reports-2024.csv", "run --withdraw A17,B4", "run inbox/ --every 60", "run --undo"),
        options={
            "corpus": Typed("[NEWCORPUS...]", help="Files or folders of new text; - reads standard input."),
            "encoder": "NAME|FOLDER",
            "output": Typed(help="A new run folder; by default the run gets a new state.", default="{run}"),
            "every": Typed(help="Look for changed files every N seconds, and take them, until Ctrl-C."),
            "watch": Typed(hidden=True),  # as --every 10
        },
        in_python=(*_FIELDS, "embeddings"),  # they are those of the run
        instead={
            **dict.fromkeys(("every", "watch"), "apps.functions.update.watch"),
            "undo": "apps.functions.live.undo",
        },
        show="updated",
    ),
    "search": CommandRow(
        "apps.functions.search.search",
        ('run "damage to roofs" --filter date=1996..1998', 'reports/ "damage to roofs"'),
        report=True,
        options={
            "run": Typed(
                "RUN|TEXT", help="A run folder, or a file or folder of text, which is refined first and kept."
            )
        },
        in_python=("variants", "passage_words", "overlap"),
    ),
    "similar": CommandRow(
        "apps.similar_words.similar",
        (
            "run hail tornado",
            "run hail --compare --top 5",
            "run acft --as replacement",
            "run --document A17",
        ),
        options={"vectors": "RUN|VECTORS", "words": "[WORD...]"},
    ),
    "drift": CommandRow(
        "analysis.word_drift.drift.drift",
        ("run --between 1990..1999 2010..2019 --fdr 0.05", "run --words hail,storm --report drift.html"),
        report=True,
        most=20,
        options={"words": "W[,W...]", "examples": Typed(default=2)},
        in_python=("permutations", "seed", "jobs"),
    ),
    "monitor": CommandRow(
        "analysis.monitoring.monitor",
        ("run reports-2024.csv", "run reports-2024.csv --report monitor.html"),
        report=True,
        options={"documents": Typed("NEW...", help="Files or folders of new text; - reads standard input.")},
        in_python=("sample", "seed", *_FIELDS, "id_field", "date_field", "permutations"),
        repeated={"run": "run"},
        fails="alarm",
        failed="an alarm",
    ),
    "report": CommandRow(
        "apps.functions.report.report",
        ("run -o report.html", "run -o report.html --words hail,storm"),
        prints="{path}",
        options={"output": "FILE.html", "words": "W[,W...]"},
        in_python=("top",),
    ),
    "evaluate": CommandRow(
        "lab.evaluation.measure.evaluate",
        ("run --similarity men3000.tsv", "run --retrieval scifact/ --against all"),
        page="lab.evaluation.report.Report.page",
        report=True,
        options={
            "vectors": "RUN|VECTORS...",
            "dictionary": Typed("TSV...", also="--lexicon"),
            "bias_sets": "FILE...",
            "dimensions": "N[,N...]",
        },
        in_python=("seed",),
    ),
    "export": CommandRow(
        "lab.exporters.export",
        (
            "run --to sentence-transformers",
            "run --to lancedb -o store",
            "run --to lancedb -o store --update",
        ),
        prints="{target}",
        options={"to": "TARGET"},
        in_python=("passage_words", "overlap"),
        repeated={"run": "run"},
    ),
    "serve": CommandRow("apps.starting.serve", ("run", "run --port 8080"), json=False),
    "mcp": CommandRow("apps.starting.mcp", ("run", "run --http 8766"), json=False),
}


def _transform(
    place: str, example: str, takes: str = "vectors", in_python: tuple[str, ...] = (), **options: Typed | str
) -> CommandRow:
    """A command that makes new vectors of what it takes first, and prints where they are."""
    return CommandRow(
        f"lab.transforms.{place}",
        (example,),
        figures="lab.transforms.written.figures_of",
        prints="{output}",
        options={"output": Typed(needed=True), takes: "IN", **options},
        in_python=("to", *in_python),  # the suffix of OUT says the format
        repeated={"source": takes, "target": "output"},
    )


VECTORS: dict[str, CommandRow] = {
    "fetch": CommandRow(
        "apps.functions.vectors.fetch",
        ("", "glove-6b-300", "noaa --years 2020-2023 -o storms"),
        show="fetched",
        options={"name": "[NAME]", "output": "DIR"},
    ),
    "convert": CommandRow(
        "apps.functions.vectors.convert",
        ("GoogleNews.bin -o vectors.safetensors", "run -o short.vec --dimensions 100"),
        prints="{target}",
    ),
    "compress": CommandRow(
        "lab.transforms.compress.compress",
        ("run -o small.safetensors", "run -o small.safetensors --below 5MB"),
        options={"vectors": "IN", "keep": "PERCENT"},
        fails="not enough",
        failed="no candidate keeps enough",
        in_python=("seed",),
    ),
    "align": CommandRow(
        "lab.align.align",
        ("run-1990 run-2020 -o aligned.vec", "en.vec es.vec -o both --dictionary en-es.tsv"),
        prints="{output}",
        options={"output": Typed(needed=True)},
        in_python=(
            *("to", "min_count", "window", "anchor", "reweight", "trim", "centre", "anchor_words"),
            "jobs",
        ),
    ),
    "join": _transform("join.join", "word2vec.bin -o new.vec --with glove.txt", in_python=("vocabulary",)),
    "retrofit": _transform(
        "retrofit.retrofit", "run -o v.vec --lexicon wordnet/", in_python=("push", "weight", "seed")
    ),
    "define": _transform(
        "define.define", "run -o new.vec --lexicon wordnet/", in_python=("rows", "relations")
    ),
    "debias": _transform("debias.debias", "run -o new.vec --method hard", in_python=("seed",)),
    "distill": _transform(
        "distill.distill",
        "encoder/ -o new --corpus reports.csv",
        takes="encoder",
        corpus=Typed(is_flag=True),
        in_python=("from_", "min_count"),
    ),
    "tokenizer": CommandRow(
        "lab.transforms.tokenizer_transfer.tokenizer",
        ("model/ -o new --vectors run --add-words 500",),
        prints="{target}",
        options={"encoder": "IN", "vectors": Typed(is_flag=True), "tokenizer": "FILE"},
    ),
}
RUN: dict[str, CommandRow] = {
    "info": CommandRow(
        "apps.functions.inspection.info",
        ("run", "GoogleNews.bin"),
        options={"path": "RUN|INDEX|VECTORS"},
    ),
    "health": CommandRow(
        "apps.functions.inspection.health", ("run",), fails="verdicts", failed="a check failed"
    ),
    "verify": CommandRow(
        "apps.functions.inspection.verify",
        ("run",),
        options={"path": "RUN|INDEX"},
        fails="damaged",
        failed="there are damaged files",
    ),
    "merge": CommandRow(
        "apps.functions.update.merge",
        ("run-2023 run-2024 -o run",),
        show="merged",
        options={"output": Typed("RUN", needed=True)},
        in_python=("encoder", "jobs"),
    ),
    "migrate": CommandRow(
        "stores.migrate.migrate",
        ("run-lancedb --old run --new newer", "run-lancedb --old run --new newer --dry-run"),
        options={"old": Typed("RUN", also="--from"), "new": Typed("RUN", also="--to")},
        in_python=("keep",),
        repeated={"store": "store", "from": "old", "to": "new"},
        fails="re_embed",
        failed="re-embed",
    ),
    "compare": CommandRow(
        "analysis.compare.compare",
        ("run-1990 run-2020", "run-1990 run-2020 --top 30 --report differences.html"),
        report=True,
        options={
            "a": "RUN_A",
            "b": "RUN_B",
            "top": Typed(help="Words shown; by default 20.", default=20),
        },
        in_python=("method", "fdr", "min_count", "neighbours", "permutations", "seed", "jobs"),
    ),
    "trajectory": CommandRow(
        "apps.functions.trajectories.trajectory",
        ("run hail", "run hail storm --plot hail.html", "run hail --slices"),
        written=("plot",),
        in_python=("slice_field", "neighbours", "seed"),
    ),
}
TEXT: dict[str, CommandRow] = {
    "phrases": CommandRow(
        "text.phrase_finding.phrases",
        ("reports.csv", "run --top 100"),
        report=True,
        most=50,
        options={"source": "RUN|CORPUS..."},
        in_python=(*_FIELDS, "id_field", "date_field", "stop_words", "npmi", "longest"),
    ),
    "topics": CommandRow(
        "analysis.concepts.corpus_topics.topics",
        ("run", "run --number 10 --by year", "run --documents topics.csv"),
        page="analysis.concepts.document_topics.topics_page",
        report=True,
        written=("documents",),
        in_python=("top", "seed"),
    ),
    "frequency": CommandRow(
        "analysis.frequency.frequency",
        ("run", "run '[lemma=\"break\"]' --by year", "run --unit lemma --slice 1990..1999"),
        report=True,
        most=20,
        options={"query": "[QUERY]", "slice": "A..B"},
        in_python=("piece", "variants", "min_count", "min_documents"),
    ),
    "ngrams": CommandRow(
        "analysis.ngrams.ngrams",
        ("run --n 4 --slot", "run --word hail --by year"),
        report=True,
        most=20,
        options={"slice": "A..B", "word": "QUERY"},
        in_python=("variants", "unit"),
    ),
    "dispersion": CommandRow(
        "analysis.frequency.dispersion",
        ("run hail storm", "run hail --parts 20 --report hail.html"),
        report=True,
        options={"slice": "A..B", "words": "QUERY..."},
        in_python=("variants", "repeats"),
    ),
    "keyness": CommandRow(
        "analysis.keyness.keyness",
        ("run --between 1990..1999 2010..2019", "run --against other-run --n 2"),
        report=True,
        most=20,
        options={
            "against": "RUN|LIST.csv",
        },
        in_python=("min_count",),
    ),
    "variants": CommandRow(
        "analysis.comparison.variants.variants",
        ("run --between 1990..1999 2010..2019", "run -o variants.tsv"),
        report=True,
        most=20,
        written=("output",),
        options={"output": "FILE.tsv"},
        in_python=("slice_field",),
    ),
    "concordance": CommandRow(
        "analysis.concordance.concordance",
        (
            'run "flash {0,1} flood*" --sort 1R,2R,1L',
            'run \'[lemma="cut"] "off"\' --csv off.csv',
        ),
        report=True,
        most=20,
        written=("csv",),
        options={"query": "QUERY", "csv": "FILE.csv", "slice": "A..B"},
        in_python=("case", "lemma", "variants"),
    ),
    "collocates": CommandRow(
        "analysis.collocates.collocates",
        ("run hail --by year", "run '[lemma=\"break\"]' --window 0L3R --measure mi3"),
        report=True,
        most=20,
        options={"word": "QUERY", "slice": "A..B", "window": "N|nLmR"},
        in_python=("variants", "within", "unit", "stop_words", "min_documents"),
    ),
    "graph": CommandRow(
        "analysis.concepts.term_graph.graph",
        ("run -o terms.html", "run hail storm -o hail.graphml"),
        prints="{output}",
        writes="analysis.views.graphs.save_graph",
        options={"words": "[WORD...]", "output": "FILE"},
        in_python=("neighbours", "seed"),
    ),
    "senses": CommandRow(
        "analysis.word_senses.senses",
        ("run mouse", 'run mouse --text "The mouse ate the cheese."'),
        in_python=("seed",),
    ),
    "why": CommandRow(
        "analysis.concepts.shared_contexts.why",
        ("run hail snow",),
        options={"a": "WORD_A", "b": "WORD_B"},
        in_python=("window", "examples"),
    ),
}
GROUPS: dict[str, tuple[str, Mapping[str, CommandRow]]] = {
    "vectors": ("Fetch, convert, compress, align and change vectors.", VECTORS),
    "run": ("Look into runs, verify, merge, migrate, compare them.", RUN),
    "text": ("Describe a text: frequencies, keywords, concordances, topics.", TEXT),
}
