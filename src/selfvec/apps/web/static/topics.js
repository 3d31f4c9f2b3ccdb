// The topics of the text: their terms, sentences that are typical of them, their share over time, and names
// of one's own, which the run keeps once they are saved.
import { ask, change, latest } from "./api.js";
import { finding, rates, small, spark } from "./chart.js";
import { quotes } from "./documents.js";
import { button, download, h, kept, say, waiting } from "./dom.js";
import { clean, many, percent } from "./format.js";
import { nothing } from "./list.js";
import { filters, link, state } from "./state.js";
import { commas } from "./table.js";

const QUOTES = 3; // sentences of a topic
const MOVED = new Map([
  [1, ["↑", "takes a larger share than before"]],
  [0, ["", "not beyond chance and the change of others"]],
  [-1, ["↓", "takes a smaller share than before"]],
]);
const KEEPS = "Saved names are kept in the run, for its report, the command line and the assistant, too.";
const FILE =
  "This server may not write the run. To keep your names in it, save them as a file and give it to " +
  "selfvec text topics RUN --names topics.csv, or start the server with --write.";

/** Whether something is shown: of the documents that filters leave, more than 0 % are about it. */
const some = (row) => !filters().length || row.share >= 0.005;

const termsOf = ({ terms }) => terms.map((term) => term.replaceAll("_", " "));

/** The chart of a topic: its share of the documents. */
function chartOf({ name, counts }, periods, border) {
  const points = rates(periods.map(({ documents }, i) => ({ documents, count: counts[i] })));
  const about = "Share of the documents of each period";
  return small({ about, periods, border }, { name: clean(name), points });
}

/** Topics with the same name are shown as one. Names that are not saved yet are kept in this browser. */
export class Topics {
  /** Of the overview, `brief`, each is a line. */
  constructor(about, brief = false) {
    this.newest = latest();
    Object.assign(this, { about, brief });
    this.key = `selfvec-topics ${about.description} ${about.run}`;
    this.names = JSON.parse(kept(this.key) ?? "{}");
    this.list = h("div");
    this.usual = button("Names as found", () => this.rename(this.rows, ""));
    this.said = h("p.lead", { role: "status" });
    if (brief) {
      this.element = this.list;
      return;
    }
    this.element = h("div.full.topics", [
      h("h2.hidden", "Topics"),
      h("p.lead", [
        "You can rename a topic. Topics to which you give the same name become one. ",
        about.writes ? KEEPS : FILE,
      ]),
      h("div.fields", about.writes ? this.keeping() : this.filing(), this.usual),
      this.said,
      this.list,
    ]);
  }

  async update() {
    await this.newest(async (signal) => {
      const how = { signal, ...waiting(this.list, "Finding topics", this.rows) };
      const [found, typical] = await Promise.all([
        ask("topics", { c: state.c, filter: filters() }, how),
        ask("typical", { filter: filters() }, how),
      ]);
      Object.assign(this, { periods: found.periods, border: found.border });
      this.before = found.periods.findIndex(({ from }) => from >= found.border);
      this.rows = found.topics.map((row, i) => ({ ...row, typical: typical.topics[i] }));
      this.subjects = found.subjects.map((row, i) => {
        const typical = this.rows.filter(({ subject }) => subject === i).flatMap((topic) => topic.typical);
        return { ...row, rows: [{ ...row, typical }] };
      });
      this.draw();
      this.drawn?.(found.subjects.filter(some).sort((a, b) => b.share - a.share));
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
    const shown = this.joined().filter(some);
    if (!shown.length)
      this.list.replaceChildren(
        nothing("The text has too few words for topics.", "Read the documents", { view: "texts" }),
      );
    else if (this.brief)
      this.list.replaceChildren(
        h("ul.subjects", [this.subjects.filter(some).map((subject) => this.line(subject))]),
        h(
          "p",
          h(
            "a",
            { href: link({ view: "topics" }) },
            `All ${many(shown.length, "topic")}, with names to change`,
          ),
        ),
      );
    else if (this.subjects.length === this.rows.length)
      this.list.replaceChildren(...shown.map((topic) => this.section(topic)));
    else this.list.replaceChildren(...this.subjects.filter(some).map((subject) => this.part(subject, shown)));
    say(many(shown.length, "topic"));
  }

  /** A link to where the map shows a subject, if there is a map. */
  mapped({ rows: [row] }, content) {
    const shown = { view: "map", colour: "subject", only: row.name, word: "", doc: "" };
    return this.about.mapped && h("a", { href: link(shown) }, content);
  }

  /** A topic in a line: whether it grows, its share and course, and a sentence that is typical of it. */
  line(topic) {
    const { name, rows, share: part, counts } = topic,
      { direction, growth, typical } = rows[0];
    const [sign, moved] = MOVED.get(rows.length === 1 ? direction : undefined) ?? ["", ""];
    const course = counts.map((n, i) => n / Math.max(1, this.periods[i].documents));
    return h("li", [
      h("span", { class: `arrow ${["went", "", "came"][direction + 1]}`, title: growth }, [
        h("span", { "aria-hidden": "true" }, sign),
        h("span.hidden", moved),
      ]),
      h("div.subject", [
        this.mapped(topic, h("b", h("bdi", clean(name)))) || h("b", h("bdi", clean(name))),
        h("span.times", ` ${percent(part)}`),
        h("p.quiet", commas(termsOf(rows[0]).slice(0, 4))),
      ]),
      h("div.course", counts.length > 1 && spark(course, `${name} over time`, this.before)),
      quotes(typical.slice(0, 1)),
    ]);
  }

  /** The finding about a subject or topic, or else how large it is; and its course. */
  size(row, growth, more) {
    const moved = row.rows?.length === 1 ? row.rows[0].direction : row.direction;
    const lead = h("p", finding(growth || `${percent(row.share)} of the documents`, moved), more);
    return [lead, this.periods.length > 1 && chartOf(row, this.periods, this.border)];
  }

  /** A subject, and the topics that it is made of. */
  part(subject, shown) {
    const { name, growth } = subject,
      topics = shown.filter(({ rows }) => this.subjects[rows[0].subject] === subject),
      map = this.about.mapped && [" · ", this.mapped(subject, "on the map")];
    return h("section.part", [
      h("h3", h("bdi", clean(name))),
      this.size(subject, growth, map),
      h("details", h("summary", topics.map((row) => clean(row.name)).join("; ")), [
        topics.map((topic) => this.section(topic)),
      ]),
    ]);
  }

  section(topic) {
    const { name, rows } = topic;
    const typed = h("input", {
      value: clean(name),
      maxlength: 100,
      dir: "auto",
      "aria-label": `Name of the topic ${clean(name)}`,
      onchange: () => this.rename(rows, typed.value.trim()),
    });
    return h("section.topic", [
      h("h3", typed),
      this.size(topic, rows.length === 1 && rows[0].growth),
      h("p", commas(rows.flatMap((row) => termsOf(row)))),
      quotes(rows.flatMap(({ typical }) => typical.slice(0, Math.ceil(QUOTES / rows.length)))),
    ]);
  }

  /** Topics get a name; an empty one is the name that was found. */
  rename(rows, name) {
    this.named({ ...this.names, ...Object.fromEntries(rows.map((row) => [row.name, name || row.name])) });
  }

  named(names) {
    this.names = names;
    kept(this.key, JSON.stringify(names));
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
