// Search of the documents: the best passages with their matches, or next to those of the original vectors.
import { ask, pause } from "./api.js";
import { heading, later, quotes, similar, snippet, toDocument, wholeText } from "./documents.js";
import { bdi, button, h, say } from "./dom.js";
import { clean, count, figure, many, readable, share } from "./format.js";
import { List, filterField } from "./list.js";
import { filters, state } from "./state.js";
import { commas } from "./table.js";

const MODES = { hybrid: "words and meaning", bm25: "words", dense: "meaning" };
const ORDERS = { "": "best first", newest: "newest first", oldest: "oldest first" };
const PAGE = 10,
  MOST = 100; // documents
const NAMED = 8; // fields
const SOON = 300; // milliseconds that hits wait for the counts above them
const READ_BY = {
  encoder: "read by the sentence encoder",
  rows: "compared by what its words learned from the sentence encoder",
};

/** How a question was understood, where that may not be what was meant. */
const notes = (found) => found.notes.map((note) => h("p.lead.note", clean(note)));

/** The first names of fields, and how many there are more. */
function fieldsOf({ filter_names: names }) {
  const more = names.length > NAMED ? ` and ${count(names.length - NAMED)} more` : "";
  return names.slice(0, NAMED).map(clean).join(", ") + more;
}

/** Hits by date, those without one last. */
function ordered(rows, order) {
  if (!order) return rows;
  const sign = order === "newest" ? -1 : 1,
    dated = rows.filter(({ date }) => date),
    others = rows.filter(({ date }) => !date);
  return [...dated.sort((a, b) => sign * (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)), ...others];
}

export class Search extends List {
  constructor(about) {
    const fields = {
      ask: { "aria-label": "What to look for", placeholder: "a few words, or a question", maxlength: 500 },
      mode: !about.kept && { label: "by", options: MODES },
      order: { label: "order", options: ORDERS },
      filter: filterField(about),
      beside: !about.kept && { label: "next to what the original vectors find", on: "1" },
    };
    super("Search the documents", h("ol.found"), fields, { page: PAGE, most: MOST, what: "document" });
    this.about = about;
    this.contains = about.kept
      ? "Documents that have words of the question, as they are written."
      : "A document need not contain the words of the question.";
    this.lead.textContent = this.contains;
    this.total = h("p.total");
    this.facets = h("div");
    this.out = h("div");
    this.element = h("div.full", [
      this.title,
      this.fields.inputs.ask,
      this.fields.element,
      this.lead,
      this.total,
      h("div.narrowed", [
        h("details.facets", { open: innerWidth > 800 }, h("summary", "Narrow down"), this.facets),
        this.out,
      ]),
    ]);
  }

  async update() {
    this.fields.show(state);
    const asked = state.ask.trim();
    this.total.replaceChildren();
    if (!asked || state.beside) this.facets.replaceChildren();
    if (!this.about.has_documents)
      return this.wait("The run did not keep its text, so there is nothing to search.");
    if (!asked) return this.wait("Type a few words or a question.");
    return this.newest((signal) =>
      (state.beside ? this.both(asked, signal) : this.one(asked, signal)).catch((error) => {
        if (!signal.aborted) this.out.replaceChildren(); // hits of the previous question are removed
        throw error;
      }),
    );
  }

  wait(text) {
    this.out.replaceChildren(h("p.wait", text));
  }

  async one(query, signal) {
    const busy = (rule) => this.wait(`Please wait: ${rule}.`);
    const top = state.order ? MOST : this.shown; // the best, in another order
    const asked = { query, mode: state.mode, top, filter: filters(), fold: true };
    const found = await ask("search", asked, { signal, busy });
    const narrowed = this.narrow(query, signal).catch(() => this.facets.replaceChildren());
    await Promise.race([narrowed, pause(SOON, signal)]); // or hits move down under the pointer
    const rows = ordered(found.rows, state.order);
    if (found.filter_names.length) this.lead.textContent = `${this.contains} Fields: ${fieldsOf(found)}.`;
    const [example] = Object.entries(found.rows[0]?.fields ?? {});
    const date = this.about.dates ? [`date=${this.about.halves[1]}`] : [];
    if (example) this.fields.inputs.filter.placeholder = [...date, example.join("=")].join("; ");
    const said = [
      found.unknown.length && ["Words that the run lacks: ", commas(found.unknown)],
      READ_BY[found.question] && `The question was ${READ_BY[found.question]}.`,
      state.order && `The best ${count(rows.length)}, ${ORDERS[state.order]}.`,
    ].filter(Boolean);
    this.out.replaceChildren(
      ...notes(found),
      ...said.map((text) => h("p.lead", text)),
      this.list,
      rows.length ? "" : h("p.wait", "Nothing was found."),
      this.more,
    );
    const shown = rows.slice(0, this.shown).map((hit) => this.hit(hit));
    this.fill(shown, rows.length < this.shown ? rows.length : MOST, found.rows.length);
  }

  /** Only documents whose field has this value; all values of the field if it has it already. */
  only(name, value) {
    const others = filters().filter((text) => !text.startsWith(`${name}=`)),
      wanted = `${name}=${value}`;
    this.ask({ filter: [...others, ...(filters().includes(wanted) ? [] : [wanted])].join("; ") });
  }

  /** How many documents have words of the question, by field and by period; each count is a filter. */
  async narrow(asked, signal) {
    const found = await ask("facets", { query: asked, filter: filters() }, { signal, busy: () => {} });
    this.total.replaceChildren(
      h("span.number", count(found.found)),
      ` of ${many(found.documents, "document")} ${found.found === 1 ? "has" : "have"} words of the question`,
      state.mode === "bm25" || this.about.kept ? "." : "; others are found by their meaning.",
    );
    const pick = (name, value, content, props = {}) =>
      button(content, () => this.only(name, value), {
        "aria-pressed": String(filters().includes(`${name}=${value}`)),
        ...props,
      });
    const most = Math.max(1, ...found.time.map((part) => part.found));
    const column = (part) => {
      const title = `${readable(part.name)}: ${many(part.found, "document")}`,
        height = `${(100 * part.found) / most}%`;
      const props = { title, "aria-label": `Only ${title}` };
      return pick("date", part.name, h("span", { style: { height } }), props);
    };
    const values = (name, rows) =>
      rows.map(({ value, count: n }) =>
        h("li", pick(name, value, [bdi(value), h("span.times", ` ${count(n)}`)], { class: "ask" })),
      );
    const ends = [found.time[0], found.time.at(-1)].map((part) => h("span", readable(part?.name ?? "")));
    this.facets.replaceChildren(
      found.time.length > 1 && this.about.dates
        ? h("section", h("h3", "date"), h("div.histogram", found.time.map(column)), h("p.ends", ends))
        : "",
      ...found.fields
        .filter((field) => field.values.length)
        .map(({ name, values: rows, more }) =>
          h("section", [
            h("h3", bdi(name)),
            h("ul.values", values(name, rows)),
            more > 0 && h("p.quiet", `and ${count(more)} more`),
          ]),
        ),
    );
  }

  hit(hit) {
    const fields = [["date", hit.date], ...Object.entries(hit.fields)].filter(
      ([, value]) => value !== null && value !== "",
    );
    const only = ([name, value]) =>
      button(bdi(String(value)), () => this.only(name, value), {
        class: "ask",
        title: `Only where ${name} is ${value}`,
      });
    const alike = hit.alike.slice(0, 100).map((id) => h("li", toDocument(id, clean(id))));
    return h("li", [
      h("h3", toDocument(hit.id, heading(hit), hit.passage), " ", h("span.times", figure(hit.score))),
      snippet(hit),
      h("p.place", h("span", clean(hit.id)), fields.map(only)),
      hit.alike.length > 0 && later(`${count(hit.alike.length)} alike`, async () => h("ul.plainlist", alike)),
      later("Whole document", async () => wholeText(await ask("document", { id: hit.id }), hit)),
      similar(hit.id, (other) => this.hit(other)),
    ]);
  }

  /** What the original vectors find, next to what the refined ones find. */
  async both(asked, signal) {
    const progress = (done) => this.wait(`Indexing all documents: ${share(done)} done …`);
    const found = await ask(
      "texts",
      { query: asked, top: 8, mode: state.mode, filter: filters() },
      { signal, progress },
    );
    clearTimeout(this.again);
    const [before, after] = found.sides,
      numbers = found.sides.map((hits) => new Map(hits.map((hit, i) => [hit.document, i + 1])));
    const moved = (was, place, mark) => {
      if (!found.whole) return "";
      if (was === undefined) return mark === "came" ? "+ new" : "− gone";
      return mark === "came" && was !== place ? `was ${count(was)}` : "";
    };
    const item = (other, mark) => (hit, i) => {
      const was = other.get(hit.document);
      const how = h("span", { class: was === undefined ? mark : "times" }, moved(was, i + 1, mark));
      return h("li", h("span.head", h("span.num", figure(hit.score)), how), quotes([hit]));
    };
    const side = (name, hits, other, mark) =>
      h("section", [
        h("h3", name),
        mark === "went" && !found.whole
          ? h("p.wait", "Indexing all documents with the original vectors …")
          : hits.length
            ? h("ol.hits", hits.map(item(other, mark)))
            : h("p.wait", "Nothing was found."),
      ]);
    this.out.replaceChildren(
      ...notes(found),
      h("div.sides", [
        side("Original vectors", before, numbers[1], "went"),
        side("Refined vectors", after, numbers[0], "came"),
      ]),
    );
    if (!found.whole) this.again = setTimeout(() => this.update(), 1000);
    say(`${before.length} documents before, ${after.length} after`);
  }
}
