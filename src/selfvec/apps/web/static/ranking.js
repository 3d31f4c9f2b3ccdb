// Lists of words: the ranking of those that changed, with the neighbours each gained and lost, and new ones.
import { ask } from "./api.js";
import { bar, bdi, h, listed, waiting } from "./dom.js";
import { SOURCES, count, figure, interval, many, probability, readable, spell, told } from "./format.js";
import { List, findings, nothing } from "./list.js";
import { go, link, state } from "./state.js";
import { commas, meanings, table, toWord } from "./table.js";
import { MIXES, VARIANTS, keywords } from "./usage.js";

const MOST = 200; // words of a list
const SORTS = {
  size: "size of the change",
  q: "significance",
  distance: "distance moved",
  apd: "difference of occurrences (APD)",
  count: "frequency",
  word: "alphabet",
};
const LEVELS = { "": "any", 0.05: "q ≤ .05", 0.01: "q ≤ .01", 0.001: "q ≤ .001" };
const FEWEST = { label: "min. occurrences", type: "number", step: 1, min: 1 };
const EVERYTHING = { seen: "1", size: "", q: "", text: "", stops: "1", names: "" };

export class Ranking extends List {
  constructor(about) {
    const fields = {
      sort: { label: "sorted by", options: SORTS },
      q: { label: "significance", options: LEVELS },
      seen: FEWEST,
      size: { label: "min. change", type: "number", min: 0, max: 1, step: 0.01 },
      mix: { label: "mix", options: MIXES },
      variants: { label: "variants", options: VARIANTS },
      text: { label: "contains" },
      stops: { label: "with stop words and numbers", on: "1" },
      names: {
        label: "without names",
        on: "0",
        title: "Without words that the text writes with a capital letter in mid-sentence",
      },
    };
    super("Words that changed", h("ol.ranking"), fields, { most: MOST });
    this.about = about;
    this.differ = h("summary"); // how the two sides are written: a reader must know it before the words
    this.notes = h("div");
    this.meanings = h("p");
    this.unmatched = h("div");
    this.typical = h("div.typical");
    this.element = h("div", [
      this.title,
      this.lead,
      h("details.why", [
        this.differ,
        this.notes,
        this.meanings,
        h("p", [
          "Among the words with q ≤ .05, at most about 5 % changed by chance only. Significant words come ",
          "first, of these names, numbers and other spellings last; then those that changed most.",
        ]),
      ]),
      this.unmatched,
      this.typical,
      h("p.legend", h("span.came", "+ gained neighbours"), h("span.went", "− lost neighbours")),
      this.list,
      this.more,
    ]);
  }

  async update() {
    this.fields.show(state);
    const { c, seen, q, size, text, stops, names, sort, mix, variants } = state;
    const limit = Math.min(MOST, this.shown);
    const asked = { c, q, sort, text, stops, names, limit, seen, size, mix, variants };
    const how = waiting(this.lead, "Comparing all words", this.compared === c);
    const found = await this.newest((signal) => ask("ranking", asked, { signal, ...how }));
    if (!found) return null;
    const first = this.compared !== c;
    this.compared = c;
    this.found = found;
    this.show(found);
    const parts = found.names[0] !== "original";
    if (first) this.typical.replaceChildren(parts ? keywords(c, found.names) : "");
    return found;
  }

  show(found) {
    const [before, after] = found.names;
    const refined = before === "original";
    this.title.textContent = refined
      ? "What refining changed"
      : `What changed from ${readable(before)} to ${readable(after)}`;
    const who =
      `${many(found.total, "word")} of ${count(found.ranked)} that ` +
      (refined ? "occur" : "occur in both parts") +
      ` ${many(found.least, "time")} or more`;
    const test = found.tested ? "" : "; too little text to test for significance";
    // The first sentence is that of every answer; where it is about the two parts, that about words follows.
    const [first] = found.findings;
    const about = (wanted) => found.findings.find(({ kind }) => kind === wanted);
    const answer = about("none") ?? about("word");
    const lead = [...new Set([first, answer])].map((finding) => finding?.says ?? "").join(" ");
    this.lead.textContent = `${told(lead, found.names)} Here: ${who}${test}.`.trim();
    this.meanings.textContent = meanings(found.columns);
    const noted = (notes) => notes.map((note) => h("p.note", told(note, found.names)));
    const others = found.findings.filter(
      (finding) => finding !== answer && finding.kind !== "word" && (finding !== first || finding.remedy),
    ); // words that came and went are listed below
    const differences = findings(others, found.names, this.fields);
    this.differ.textContent = differences.length
      ? `${many(differences.length, "other difference")} between the two, and what is measured`
      : "What is measured?";
    this.notes.replaceChildren(...differences, ...noted(found.notes));
    const came = { [`New in ${readable(after)}`]: found.new, [`Gone since ${readable(before)}`]: found.gone };
    this.unmatched.replaceChildren(
      ...Object.entries(came)
        .filter(([, rows]) => rows.length)
        .map(([name, rows]) => unmatched(name, rows)),
    );
    const { inputs } = this.fields;
    inputs.q.disabled = !found.tested;
    for (const name of ["mix", "variants"]) inputs[name]?.toggleAttribute("disabled", refined); // one text
    inputs.seen.placeholder = String(found.least);
    const kept = document.activeElement?.closest?.(".ranking a")?.dataset.word;
    const none = found.ranked
      ? nothing("No word passes these filters.", "Show all", EVERYTHING)
      : nothing("No word can be compared: too little text, or no initial vectors.", "See the text", {
          view: "overview",
        });
    this.fill(found.total ? found.rows.map((row) => this.row(row)) : [h("li.none", none)], found.total);
    if (kept) this.words.find((a) => a.dataset.word === kept)?.focus({ preventScroll: true });
    this.select();
  }

  row(row) {
    const sure = row.q === null ? null : row.q <= 0.05;
    const times =
      row.count_a === row.count_b ? `${count(row.count_a)}×` : `${count(row.count_a)}→${count(row.count_b)}×`;
    const words = (list, mark, sign) =>
      list.length > 0 &&
      h("span", { class: mark }, [
        h("span.hidden", mark === "came" ? "gained: " : "lost: "),
        `${sign} `,
        commas(list.slice(0, 4)),
      ]);
    const facts = [
      row.mark,
      row.subwords && "before: built from subwords",
      interval(row) &&
        `new uses: ${interval(row)}; distance ${figure(row.distance)}, by chance ${figure(row.chance)}`,
    ]
      .filter(Boolean)
      .join(" · ");
    return h("li", [
      h("a", { href: link({ word: row.word, near: "" }), "data-word": row.word }, [
        h("span.head", [
          bdi(row.word, { class: "w" }),
          bar(row.change),
          h("span.num", { title: "change" }, figure(row.change)),
          h(
            "span",
            {
              class: `sure ${sure === null ? "" : sure ? "yes" : "no"}`,
              title: sure === null ? "not tested" : `q = ${probability(row.q)}`,
            },
            [sure === null ? "" : sure ? "significant" : "chance?"],
          ),
          h("span.times", times),
        ]),
        facts && h("span.measured", facts),
        words(row.gained, "came", "+"),
        words(row.lost, "went", "−"),
      ]),
    ]);
  }

  get words() {
    return [...this.list.querySelectorAll("a[data-word]")];
  }

  /** Highlight the current word. */
  select() {
    this.mark(({ dataset }) => dataset.word && dataset.word === this.current);
  }

  /** Go to the word some places away from the current one. */
  step(by) {
    const { words } = this,
      at = words.findIndex((a) => a.dataset.word === this.current),
      next = words[Math.min(words.length - 1, Math.max(0, at + by))];
    if (!next) return;
    next.focus();
    go({ word: next.dataset.word, near: "" }, false);
  }
}

/** Words that came or went, in a line that opens. */
function unmatched(name, rows) {
  const first = rows.slice(0, 3).map(({ word }) => spell(word));
  const all = rows.map((row) => [toWord(row.word), ` ${count(row.count_a)}→${count(row.count_b)}×`]);
  return h("details.why.unmatched", [
    h("summary", `${name}: ${first.join(", ")} …`),
    h("p", "Too rare on one side to be compared: ", listed(all)),
  ]);
}

/** Words that the initial vectors lack, and what their vectors are based on. */
export class Unknown extends List {
  constructor() {
    const fields = { source: { label: "vector based on", options: {} }, from: FEWEST };
    super("Words that the initial vectors lack", h("div"), fields, { most: MOST });
    this.element = h("div", this.title, this.lead, this.list, this.more);
  }

  async update() {
    const asked = { source: state.source, seen: state.from, limit: Math.min(MOST, this.shown) };
    const how = waiting(this.lead, "Looking for neighbours", this.list.children.length);
    const found = await this.newest((signal) => ask("unknown", asked, { signal, ...how }));
    if (!found) return;
    const kinds = Object.entries(found.sources),
      all = kinds.reduce((sum, [, n]) => sum + n, 0);
    const named = kinds.map(([name, n]) => [name, `${SOURCES[name]} (${count(n)})`]);
    this.fields.choices("source", { "": `anything (${count(all)})`, ...Object.fromEntries(named) });
    this.fields.show(state);
    const { composed, unknown, random } = found.coverage;
    this.lead.textContent = all
      ? `${many(all, "word")} of your text ${all === 1 ? "is" : "are"} not in the initial vectors: ` +
        `${count(composed)} were built from subwords and ${count(unknown + random)} had no initial vector.`
      : "The initial vectors have every word of your text.";
    const shown = { source_after: (row) => SOURCES[row.source_after] };
    this.fill([table(found.columns, found.rows, shown)], found.total);
  }
}
