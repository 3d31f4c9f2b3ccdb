// The documents of the text as a list, and one of them to read.
import { ask } from "./api.js";
import { heading, similar, snippet, toDocument, wholeText } from "./documents.js";
import { bdi, facts, h } from "./dom.js";
import { clean, figure, many } from "./format.js";
import { List, filterField } from "./list.js";
import { filters, link, state } from "./state.js";

const ORDERS = { number: "as in the text", longest: "longest first", shortest: "shortest first" };
const DATED = { number: ORDERS.number, newest: "newest first", oldest: "oldest first", ...ORDERS };

/** All documents, or those that pass the filters, in an order. */
export class Library extends List {
  constructor(about) {
    const order = { label: "order", options: about.dates ? DATED : ORDERS };
    super("Documents", h("ol.library"), { listed: order, filter: filterField(about) }, { what: "document" });
    this.element = h("div", this.title, this.fields.element, this.lead, this.list, this.more);
  }

  async update() {
    this.fields.show(state);
    const key = [state.listed, ...filters(), this.shown].join("\n");
    if (key !== this.key) await this.newest((signal) => this.load(key, filters(), signal));
    this.mark((a) => a.parentElement.dataset.id === state.doc);
  }

  async load(key, wanted, signal) {
    const busy = (rule) => {
        this.lead.textContent = `Please wait: ${rule}.`;
      },
      rows = [];
    let total = 1;
    while (rows.length < Math.min(this.shown, total)) {
      const asked = { sort: state.listed, filter: wanted, offset: rows.length, limit: this.page };
      const found = await ask("documents", asked, { signal, busy });
      rows.push(...found.rows);
      total = found.total;
    }
    this.key = key;
    this.lead.textContent = wanted.length
      ? `${many(total, "document")} ${total === 1 ? "passes" : "pass"} the filter.`
      : many(total, "document");
    this.fill(rows.map(item), total);
  }
}

function item({ id, date, words, fields: { title }, text }) {
  const place = [clean(id), date, many(words, "word")].filter(Boolean).join(" · ");
  const content = [h("b", heading({ title, text })), " ", h("span.place", place)];
  return h("li", { "data-id": id }, toDocument(id, content));
}

/** A document, whole; it opens at a passage. */
export async function documentPage(id, at = "") {
  const found = await ask("document", { id }),
    { title } = found.fields;
  const fields = [["id", id], ["date", found.date], ...Object.entries(found.fields)];
  const text = wholeText(found, { at });
  requestAnimationFrame(() => text.querySelector(".passage")?.scrollIntoView({ block: "center" }));
  return h("div", [
    h("a.back", { href: link({ doc: "", at: "" }) }, "← Back"),
    h("h2.word", heading({ title, text: found.text })),
    facts(fields.filter(([, value]) => value).map(([name, value]) => [bdi(name), bdi(value)])),
    text,
    similar(id, (hit) =>
      h("li", [
        toDocument(hit.id, heading(hit), hit.passage),
        " ",
        h("span.times", figure(hit.score)),
        snippet(hit),
      ]),
    ),
  ]);
}
