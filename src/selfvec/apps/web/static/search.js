// Search of the documents: the best passages with their matches. Without a question it is a list of all.
import { ask } from "./api.js";
import { heading, later, snippet, toDocument } from "./documents.js";
import { bdi, button, h, waiting } from "./dom.js";
import { clean, count, figure, many } from "./format.js";
import { List, nothing } from "./list.js";
import { filters, state } from "./state.js";
import { commas } from "./table.js";

const MODES = { hybrid: "words and meaning", bm25: "words", dense: "meaning" };
const ORDERS = {
  "": "as in the text",
  newest: "newest first",
  oldest: "oldest first",
  longest: "longest first",
  shortest: "shortest first",
};
const PAGE = 10,
  MOST = 100, // documents of a search
  LISTED = 5; // times as many documents of a list
const READ_BY = {
  encoder: "read by the sentence encoder",
  rows: "compared by what its words learned from the sentence encoder",
};

/** How a question was understood, where that may not be what was meant. */
const notes = (found) => found.notes.map((note) => h("p.lead.note", clean(note)));

/** Hits in an order; by date, those without one are last. */
function ordered(rows, order) {
  const sign = order === "newest" || order === "longest" ? -1 : 1;
  if (order === "longest" || order === "shortest")
    return [...rows].sort((a, b) => sign * (a.text.length - b.text.length));
  const dated = rows.filter(({ date }) => order && date);
  const others = rows.filter((row) => !dated.includes(row));
  return [...dated.sort((a, b) => sign * (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)), ...others];
}

export class Search extends List {
  constructor(about, choose) {
    const fields = { mode: { label: "by", options: MODES }, order: { label: "order", options: ORDERS } };
    super("Search the documents", h("ol.found"), fields, { page: PAGE, most: MOST, what: "document" });
    this.choose = choose; // a filter
    this.out = h("div");
    this.title.className = "hidden";
    this.element = h("div.full.search", this.title, this.out);
  }

  /** Ask for other documents, with none beside them. */
  ask(changes) {
    super.ask({ ...changes, doc: "", at: "" });
  }

  async update() {
    const query = state.ask.trim(),
      orders = { ...ORDERS, ...(query && { "": "best first" }) },
      asked = JSON.stringify([query, state.mode, state.order, filters()]);
    if (asked !== this.asked) this.shown = this.page;
    this.asked = asked;
    const key = asked + this.shown;
    this.fields.choices("order", orders);
    this.fields.show(state);
    if (key !== this.key) {
      this.key = "";
      await this.newest(async (signal) => {
        const how = {
          signal,
          ...waiting(this.out, query ? "Searching" : "Reading the documents", this.list.isConnected),
        };
        try {
          await (query ? this.one(query, how) : this.all(how));
          this.key = key;
        } catch (error) {
          if (!signal.aborted) this.out.replaceChildren(); // hits of the previous question are removed
          throw error;
        }
      });
    }
    this.mark((_, { dataset }) => dataset.id === state.doc);
  }

  /** All documents that pass the filters, in an order. */
  async all(how) {
    const most = LISTED * this.shown,
      rows = [];
    let total = 1;
    while (rows.length < Math.min(most, total)) {
      const asked = { sort: state.order || "number", filter: filters(), offset: rows.length, limit: 50 };
      const found = await ask("documents", asked, how);
      rows.push(...found.rows);
      total = found.total;
    }
    this.out.replaceChildren(this.list, total ? this.more : this.none());
    this.fill(
      rows.map((row) => this.item(row)),
      total,
    );
    this.more.hidden = rows.length >= total;
  }

  async one(query, how) {
    const top = state.order ? MOST : this.shown; // the best, in another order
    const asked = { query, mode: state.mode, top, filter: filters(), fold: true };
    const found = await ask("search", asked, how);
    const rows = ordered(found.rows, state.order);
    const said = [
      found.unknown.length && ["Words that the run lacks: ", commas(found.unknown)],
      READ_BY[found.question] && `The question was ${READ_BY[found.question]}.`,
      state.order && `The best ${count(rows.length)}, ${ORDERS[state.order]}.`,
    ].filter(Boolean);
    const above = [...notes(found), ...said.map((text) => h("p.lead", text))];
    this.out.replaceChildren(
      ...(rows.length ? [...above, this.list, this.more] : [this.none(found.unknown), this.list]),
    );
    const shown = rows.slice(0, this.shown).map((hit) => this.item(hit));
    this.fill(shown, rows.length < this.shown ? rows.length : MOST, found.rows.length);
  }

  /** That nothing was found, and the way out. */
  none(unknown = []) {
    const lacking = unknown.length ? `: the text lacks ${unknown.map(clean).join(", ")}` : "";
    return filters().length
      ? nothing("No document fits and passes the filters.", "Leave out the filters", { filter: "" })
      : nothing(`No document fits${lacking}.`, "Read all documents", { ask: "" });
  }

  item(hit) {
    const fields = [["date", hit.date], ...Object.entries(hit.fields)]
      .flatMap(([name, value]) => [value].flat().map((item) => [name, item]))
      .filter(([, value]) => value !== null && ![hit.title, hit.id, ""].includes(String(value)));
    const only = ([name, value]) =>
      button([h("span.times", `${name} `), bdi(String(value))], () => this.choose(`${name}=${value}`), {
        class: "ask",
        title: `Only where ${name} is ${value}`,
      });
    const alike = hit.alike?.slice(0, 100).map((id) => h("li", toDocument(id, clean(id))));
    return h("li", { "data-id": hit.id }, [
      h(
        "h3",
        toDocument(hit.id, heading(hit), hit.passage),
        " ",
        hit.marks && h("span.times", figure(hit.score)),
      ),
      hit.marks && snippet(hit),
      h(
        "p.place",
        h("span", clean(hit.id)),
        !hit.marks && h("span", many(hit.words, "word")),
        fields.map(only),
      ),
      alike?.length > 0 && later(`${count(hit.alike.length)} alike`, async () => h("ul.plainlist", alike)),
    ]);
  }
}
