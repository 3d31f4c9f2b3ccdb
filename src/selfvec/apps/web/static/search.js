// Search of the documents: the best passages with their matches, or next to those of the original vectors.
import { ask, latest, pause } from "./api.js";
import { heading, later, quotes, similar, snippet, toDocument, wholeText } from "./documents.js";
import { bdi, choice, debounced, fill, h, moreOf, say } from "./dom.js";
import { clean, count, figure, many, readable, share } from "./format.js";
import { filters, go, state } from "./state.js";
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
const notes = (found) => found.notes.map((note) => h("p", { class: "lead note" }, clean(note)));

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

export class Search {
  constructor(about) {
    this.newest = latest();
    this.about = about;
    this.shown = PAGE;
    this.asked = debounced(250, (changes) => {
      this.shown = PAGE;
      go(changes, false);
    });
    this.input = h("input", {
      type: "search",
      dir: "auto",
      "aria-label": "What to look for",
      placeholder: "a few words, or a question",
      maxlength: 500,
      oninput: () => this.asked({ ask: this.input.value }),
    });
    const [mode, modeLabel] = choice(
      "by",
      Object.entries(MODES).filter(([name]) => !about.kept || name === "bm25"),
      (value) => this.asked({ mode: value }, 0),
    );
    const [order, orderLabel] = choice("order", Object.entries(ORDERS), (value) =>
      this.asked({ order: value }, 0),
    );
    Object.assign(this, { mode, order });
    this.filter = h("input", {
      type: "text",
      maxlength: 400,
      placeholder: about.dates ? `date=${about.halves[1]}` : "field=value",
      oninput: () => this.asked({ filter: this.filter.value }),
    });
    this.beside = h("input", {
      type: "checkbox",
      onchange: () => this.asked({ beside: this.beside.checked ? "1" : "" }, 0),
    });
    this.contains = about.kept
      ? "Documents that have words of the question, as they are written."
      : "A document need not contain the words of the question.";
    this.hint = h("p", { class: "lead" }, this.contains);
    this.total = h("p", { class: "total" });
    this.facets = h("div", {});
    const narrow = h(
      "details",
      { class: "facets", open: innerWidth > 800 },
      h("summary", {}, "Narrow down"),
      this.facets,
    );
    this.out = h("div", {});
    this.element = h(
      "div",
      { class: "full" },
      h("h2", {}, "Search the documents"),
      this.input,
      h(
        "div",
        { class: "fields" },
        about.kept ? null : modeLabel,
        orderLabel,
        h("label", { class: "wide-field" }, "only where", this.filter),
        about.kept
          ? null
          : h("label", { class: "check" }, this.beside, " next to what the original vectors find"),
      ),
      this.hint,
      this.total,
      h("div", { class: "narrowed" }, narrow, this.out),
    );
  }

  async update() {
    fill([
      [this.input, state.ask],
      [this.filter, state.filter],
    ]);
    this.mode.value = this.about.kept ? "bm25" : state.mode;
    this.order.value = state.order;
    this.beside.checked = Boolean(state.beside);
    const asked = state.ask.trim();
    this.total.replaceChildren();
    if (!asked || state.beside) this.facets.replaceChildren();
    if (!this.about.has_documents)
      return this.out.replaceChildren(
        h("p", { class: "wait" }, "The run did not keep its text, so there is nothing to search."),
      );
    if (!asked) return this.out.replaceChildren(h("p", { class: "wait" }, "Type a few words or a question."));
    return this.newest((signal) =>
      (state.beside ? this.both(asked, signal) : this.one(asked, signal)).catch((error) => {
        if (!signal.aborted) this.out.replaceChildren(); // hits of the previous question are removed
        throw error;
      }),
    );
  }

  wait(text) {
    this.out.replaceChildren(h("p", { class: "wait" }, text));
  }

  async one(asked, signal) {
    const busy = (rule) => this.wait(`Please wait: ${rule}.`);
    const top = state.order ? MOST : this.shown; // the best, in another order
    const found = await ask(
      "search",
      { query: asked, mode: state.mode, top, filter: filters(), fold: true },
      { signal, busy },
    );
    const narrowed = this.narrow(asked, signal).catch(() => this.facets.replaceChildren());
    await Promise.race([narrowed, pause(SOON, signal)]); // or hits move down under the pointer
    const rows = ordered(found.rows, state.order);
    if (found.filter_names.length) this.hint.textContent = `${this.contains} Fields: ${fieldsOf(found)}.`;
    const [example] = Object.entries(found.rows[0]?.fields ?? {});
    const date = this.about.dates ? [`date=${this.about.halves[1]}`] : [];
    if (example) this.filter.placeholder = [...date, example.join("=")].join("; ");
    const unknown = found.unknown.length
      ? h("p", { class: "lead" }, "Words that the run lacks: ", commas(found.unknown))
      : null;
    const more = moreOf(this, PAGE, "documents", rows.length < this.shown || this.shown >= MOST);
    const by = READ_BY[found.question]
      ? h("p", { class: "lead" }, `The question was ${READ_BY[found.question]}.`)
      : null;
    const best = state.order
      ? h("p", { class: "lead" }, `The best ${count(rows.length)}, ${ORDERS[state.order]}.`)
      : null;
    this.out.replaceChildren(
      ...[
        ...notes(found),
        unknown,
        by,
        best,
        h(
          "ol",
          { class: "found" },
          rows.slice(0, this.shown).map((hit) => this.hit(hit)),
        ),
        found.rows.length ? null : h("p", { class: "wait" }, "Nothing was found."),
        more,
      ].filter(Boolean),
    );
    say(many(found.rows.length, "document"));
  }

  /** Only documents whose field has this value; all values of the field if it has it already. */
  only(name, value) {
    const others = filters().filter((text) => !text.startsWith(`${name}=`)),
      wanted = `${name}=${value}`;
    this.asked({ filter: [...others, ...(filters().includes(wanted) ? [] : [wanted])].join("; ") }, 0);
  }

  /** How many documents have words of the question, by field and by period; each count is a filter. */
  async narrow(asked, signal) {
    const found = await ask("facets", { query: asked, filter: filters() }, { signal, busy: () => {} });
    this.total.replaceChildren(
      h("span", { class: "number" }, count(found.found)),
      ` of ${many(found.documents, "document")} ${found.found === 1 ? "has" : "have"} words of the question`,
      state.mode === "bm25" || this.about.kept ? "." : "; others are found by their meaning.",
    );
    const pick = (name, value, shown, times) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: "ask",
            "aria-pressed": String(filters().includes(`${name}=${value}`)),
            onclick: () => this.only(name, value),
          },
          bdi(shown),
          h("span", { class: "times" }, ` ${count(times)}`),
        ),
      );
    const most = Math.max(1, ...found.time.map((part) => part.found));
    const bar = (part) => {
      const one = h(
        "button",
        {
          type: "button",
          "aria-pressed": String(filters().includes(`date=${part.name}`)),
          title: `${readable(part.name)}: ${many(part.found, "document")}`,
          "aria-label": `Only ${readable(part.name)}: ${many(part.found, "document")}`,
          onclick: () => this.only("date", part.name),
        },
        h("span", {}),
      );
      one.firstChild.style.height = `${(100 * part.found) / most}%`;
      return one;
    };
    const ends = found.time.length
      ? h(
          "p",
          { class: "ends" },
          h("span", {}, readable(found.time[0].name)),
          h("span", {}, readable(found.time.at(-1).name)),
        )
      : null;
    this.facets.replaceChildren(
      ...[
        found.time.length > 1 && this.about.dates
          ? h("section", {}, h("h3", {}, "date"), h("div", { class: "histogram" }, found.time.map(bar)), ends)
          : null,
        ...found.fields
          .filter(({ values }) => values.length)
          .map(({ name, values, more }) =>
            h(
              "section",
              {},
              h("h3", {}, bdi(name)),
              h(
                "ul",
                { class: "values" },
                values.map((one) => pick(name, one.value, one.value, one.count)),
              ),
              more > 0 ? h("p", { class: "quiet" }, `and ${count(more)} more`) : null,
            ),
          ),
      ].filter(Boolean),
    );
  }

  hit(hit) {
    const facts = [["date", hit.date], ...Object.entries(hit.fields)].filter(
      ([, value]) => value !== null && value !== "",
    );
    return h(
      "li",
      {},
      h(
        "h3",
        {},
        toDocument(hit.id, heading(hit), hit.passage),
        " ",
        h("span", { class: "times" }, figure(hit.score)),
      ),
      snippet(hit),
      h(
        "p",
        { class: "place" },
        h("span", {}, clean(hit.id)),
        facts.map(([name, value]) =>
          h(
            "button",
            {
              type: "button",
              class: "ask",
              title: `Only where ${name} is ${value}`,
              onclick: () => this.only(name, value),
            },
            bdi(String(value)),
          ),
        ),
      ),
      hit.alike.length > 0 &&
        later(`${count(hit.alike.length)} alike`, async () =>
          h(
            "ul",
            { class: "plainlist" },
            hit.alike.slice(0, 100).map((id) => h("li", {}, toDocument(id, clean(id)))),
          ),
        ),
      later("Whole document", async () => wholeText(await ask("document", { id: hit.id }), hit)),
      similar(hit.id, (other) => this.hit(other)),
    );
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
    const side = (name, hits, other, mark) =>
      h(
        "section",
        {},
        h("h3", {}, name),
        mark === "went" && !found.whole
          ? h("p", { class: "wait" }, "Indexing all documents with the original vectors …")
          : hits.length
            ? h(
                "ol",
                { class: "hits" },
                hits.map((hit, place) => {
                  const was = other.get(hit.document);
                  const how = !found.whole
                    ? ""
                    : was === undefined
                      ? mark === "came"
                        ? "+ new"
                        : "− gone"
                      : mark === "came" && was !== place + 1
                        ? `was ${count(was)}`
                        : "";
                  return h(
                    "li",
                    {},
                    h(
                      "span",
                      { class: "head" },
                      h("span", { class: "num" }, figure(hit.score)),
                      h("span", { class: was === undefined ? mark : "times" }, how),
                    ),
                    quotes([hit]),
                  );
                }),
              )
            : h("p", { class: "wait" }, "Nothing was found."),
      );
    this.out.replaceChildren(
      ...notes(found),
      h(
        "div",
        { class: "sides" },
        side("Original vectors", before, numbers[1], "went"),
        side("Refined vectors", after, numbers[0], "came"),
      ),
    );
    if (!found.whole) this.again = setTimeout(() => this.update(), 1000);
    say(`${before.length} documents before, ${after.length} after`);
  }
}
