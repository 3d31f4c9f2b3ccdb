// The topics of the text: their terms, sentences that are typical of them, their share over time, and names
// of one's own, which the run keeps once they are saved.
import { ask, change, latest } from "./api.js";
import { small } from "./chart.js";
import { toDocument } from "./documents.js";
import { bdi, button, download, h, say } from "./dom.js";
import { clean, many, share } from "./format.js";
import { topicChart, toTopic } from "./times.js";

const QUOTES = 3; // sentences of a topic
const KEEPS = "Saved names are kept in the run, for its report, the command line and the assistant, too.";
const FILE = [
  "save them as a file and give it to ",
  h("code", "selfvec text topics RUN --names topics.csv"),
  ", or start the server with ",
  h("code", "--write"),
  ".",
];

/** Topics with the same name are shown as one. Names that are not saved yet are kept in this browser. */
export class Topics {
  constructor(about) {
    this.newest = latest();
    this.key = `selfvec-topics ${about.description} ${about.run}`;
    try {
      this.names = JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      this.names = {};
    }
    this.opens = about.has_documents;
    this.mapped = about.has_documents && !about.kept ? "documents" : "words";
    this.list = h("div");
    this.usual = button("Names as found", () => this.asFound());
    this.said = h("p.lead", { role: "status" });
    this.element = h("div.full.topics", [
      h("h2", "Topics"),
      h("p.lead", [
        "You can rename a topic. Topics to which you give the same name become one. ",
        about.writes ? KEEPS : ["This server may not write the run. To keep your names in it, ", FILE],
      ]),
      h("div.fields", about.writes ? this.keeping() : this.filing(), this.usual),
      this.said,
      this.list,
    ]);
  }

  async update() {
    await this.newest(async (signal) => {
      const progress = (done) =>
        this.list.replaceChildren(h("p.wait", `Finding topics: ${share(done)} done.`));
      const [found, typical] = await Promise.all(
        ["topics", "typical"].map((path) => ask(path, {}, { signal, progress })),
      );
      this.periods = found.periods;
      this.rows = found.topics.map((row, i) => ({ ...row, quotes: typical.topics[i] }));
      this.draw();
    });
  }

  /** The topics by the names that are shown, the largest first. */
  joined() {
    const groups = new Map();
    for (const row of this.rows) {
      const name = this.nameOf(row);
      groups.set(name, [...(groups.get(name) ?? []), row]);
    }
    return [...groups]
      .map(([name, rows]) => ({
        name,
        rows,
        share: rows.reduce((sum, row) => sum + row.share, 0),
        counts: this.periods.map((_, i) => rows.reduce((sum, row) => sum + row.counts[i], 0)),
      }))
      .sort((a, b) => b.share - a.share);
  }

  /** The name that a person gave here, or that the run keeps, or that was found. */
  nameOf(row) {
    return this.names[row.name] ?? row.own ?? row.name;
  }

  draw() {
    this.usual.disabled = this.rows.every((row) => this.nameOf(row) === row.name);
    if (!this.rows.length) {
      this.list.replaceChildren(h("p.wait", "The text has too few words for topics."));
      return;
    }
    this.list.replaceChildren(...this.joined().map((topic) => this.section(topic)));
    say(many(this.list.children.length, "topic"));
  }

  section({ name, rows, share: part, counts }) {
    const typed = h("input", {
      value: clean(name),
      maxlength: 100,
      dir: "auto",
      "aria-label": `Name of the topic ${clean(name)}`,
      onchange: () => this.rename(rows, typed.value.trim()),
    });
    const chart = topicChart(this.periods, [{ name, counts }]);
    return h("section.topic", [
      h("h3", typed),
      h("p.lead", [
        `${share(part)} of the documents · `,
        rows.length === 1 && rows[0].growth ? `${rows[0].growth} · ` : "",
        h("a", { href: toTopic(this.mapped, rows[0].own ?? rows[0].name) }, "on the map"),
      ]),
      h("p", [
        rows.map(({ terms }, i) => [
          i ? "; " : "",
          terms.map((term, j) => [j ? ", " : "", bdi(term.replaceAll("_", " "))]),
        ]),
      ]),
      this.periods.length > 1 && small(chart, chart.series[0]),
      rows
        .flatMap(({ quotes }) => quotes.slice(0, Math.ceil(QUOTES / rows.length)))
        .map((quote) => quotation(quote, this.opens)),
    ]);
  }

  /** Topics get a name; an empty one is the name that was found. */
  rename(rows, name) {
    this.named({ ...this.names, ...Object.fromEntries(rows.map((row) => [row.name, name || row.name])) });
  }

  asFound() {
    this.named(Object.fromEntries(this.rows.map((row) => [row.name, row.name])));
  }

  named(names) {
    this.names = names;
    try {
      localStorage.setItem(this.key, JSON.stringify(names));
    } catch {
      /* storage is off */
    }
    this.draw();
  }

  /** A form that saves the names in the run, with the token of those who may write it. */
  keeping() {
    const token = h("input", { type: "password", autocomplete: "off", required: true });
    const send = async (event) => {
      event.preventDefault();
      const rows = this.rows.map((row) => ({ name: this.nameOf(row), terms: row.terms }));
      try {
        const { names } = await change("topics", rows, token.value);
        this.named({});
        await this.update();
        this.said.textContent = names ? `The run keeps ${many(names, "name")}.` : "The run keeps no names.";
      } catch (error) {
        this.said.textContent = `The names are not saved: ${error.message}.`;
      }
    };
    return h("form.fields", { onsubmit: send }, [
      h("label", "token for writing", token),
      h("button", "Save in the run"),
    ]);
  }

  /** A button that saves a row for each topic as it was found: its name here, terms, share, documents. */
  filing() {
    const save = () =>
      download("topics.csv", [
        ["name", "terms", "share", ...this.periods.map(({ name }) => name)],
        ...this.rows.map((row) => [this.nameOf(row), row.terms.join(", "), row.share, ...row.counts]),
      ]);
    return button("Save as a file", save);
  }
}

/** A sentence with its terms marked, which leads to its document if that can be opened. */
function quotation({ tokens, id, date }, opens) {
  const source = [bdi(id), date ? ` · ${date}` : ""];
  return h("blockquote", { dir: "auto" }, [
    tokens.map(([text, term]) => (term ? h("mark", clean(text)) : clean(text))),
    h("cite", opens ? toDocument(id, source) : source),
  ]);
}
