// The topics of the text: their terms, sentences that are typical of them, their share over time, and names
// of one's own.
import { ask, latest } from "./api.js";
import { rates, timeline } from "./chart.js";
import { toDocument } from "./documents.js";
import { bdi, download, h, say } from "./dom.js";
import { clean, many, share } from "./format.js";
import { link } from "./state.js";

const QUOTES = 3; // sentences of a topic

/** Topics with the same name are shown as one. Given names are kept in this browser, by the run. */
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
    this.mapped = about.has_text && !about.kept ? "documents" : "words";
    this.list = h("div", {});
    this.usual = h("button", { type: "button", onclick: () => this.named({}) }, "Names as found");
    this.element = h(
      "div",
      { class: "full topics" },
      h("h2", {}, "Topics"),
      h(
        "p",
        { class: "lead" },
        "You can rename a topic. Topics to which you give the same name become one. ",
        "Your names are kept in this browser. The run keeps them, for its report as well, if you save them ",
        "as a file and give that to ",
        h("code", {}, "selfvec text topics RUN --names topics.csv"),
        ".",
      ),
      h(
        "div",
        { class: "fields" },
        h("button", { type: "button", onclick: () => this.save() }, "Save as a file"),
        this.usual,
      ),
      this.list,
    );
  }

  async update() {
    await this.newest(async (signal) => {
      const progress = (done) =>
        this.list.replaceChildren(h("p", { class: "wait" }, `Finding topics: ${share(done)} done.`));
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
      const name = this.names[row.name] ?? row.name;
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

  draw() {
    this.usual.disabled = !Object.keys(this.names).length;
    if (!this.rows.length) {
      this.list.replaceChildren(h("p", { class: "wait" }, "The text has too few words for topics."));
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
    const about = "Share of the documents of each period",
      totals = this.periods.map(({ documents }) => documents);
    const chart =
      this.periods.length > 1
        ? timeline(this.periods, [{ name: clean(name), points: rates(counts, totals) }], {
            about: `${clean(name)}: ${about}`,
            show: (x) => share(x),
            small: true,
            limit: 1,
          })
        : null;
    return h(
      "section",
      { class: "topic" },
      h("h3", {}, typed),
      h(
        "p",
        { class: "lead" },
        `${share(part)} of the documents · `,
        rows.length === 1 && rows[0].growth ? `${rows[0].growth} · ` : "",
        h(
          "a",
          {
            href: link({
              view: "map",
              of: this.mapped,
              colour: "topic",
              only: rows[0].name,
              word: "",
              doc: "",
            }),
          },
          "on the map",
        ),
      ),
      h(
        "p",
        {},
        rows.map(({ terms }, i) => [
          i ? "; " : "",
          terms.map((term, j) => [j ? ", " : "", bdi(term.replaceAll("_", " "))]),
        ]),
      ),
      chart,
      rows
        .flatMap(({ quotes }) => quotes.slice(0, Math.ceil(QUOTES / rows.length)))
        .map((quote) => quotation(quote, this.opens)),
    );
  }

  /** Topics get a name; an empty one is the name that was found. */
  rename(rows, name) {
    const names = { ...this.names };
    for (const row of rows)
      if (name && name !== row.name) names[row.name] = name;
      else delete names[row.name];
    this.named(names);
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

  /** A row for each topic as it was found: its name here, its terms, its share, its documents by period. */
  save() {
    download("topics.csv", [
      ["name", "terms", "share", ...this.periods.map(({ name }) => name)],
      ...this.rows.map((row) => [
        this.names[row.name] ?? row.name,
        row.terms.join(", "),
        row.share,
        ...row.counts,
      ]),
    ]);
  }
}

/** A sentence with its terms marked, which leads to its document if that can be opened. */
function quotation({ tokens, id, date }, opens) {
  const source = [bdi(id), date ? ` · ${date}` : ""];
  return h(
    "blockquote",
    { dir: "auto" },
    tokens.map(([text, term]) => (term ? h("mark", {}, clean(text)) : clean(text))),
    h("cite", {}, opens ? toDocument(id, source) : source),
  );
}
