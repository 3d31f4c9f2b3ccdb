// The documents of the text as a list, and one of them to read.
import { ask, latest } from "./api.js";
import { heading, similar, snippet, toDocument, wholeText } from "./documents.js";
import { bdi, choice, debounced, fill, h, moreOf, say } from "./dom.js";
import { clean, figure, many } from "./format.js";
import { filters, go, link, state } from "./state.js";

const ORDERS = {
  number: "as in the text",
  newest: "newest first",
  oldest: "oldest first",
  longest: "longest first",
  shortest: "shortest first",
};
const PAGE = 50;

/** All documents, or those that pass the filters, in an order. */
export class Library {
  constructor(about) {
    this.newest = latest();
    this.shown = PAGE;
    const asked = debounced(250, (changes) => {
      this.shown = PAGE;
      go(changes, false);
    });
    const orders = Object.entries(ORDERS).filter(
      ([name]) => about.dates || !["newest", "oldest"].includes(name),
    );
    const [order, orderLabel] = choice("order", orders, (value) => asked({ listed: value }, 0));
    this.order = order;
    this.filter = h("input", {
      type: "text",
      maxlength: 400,
      placeholder: about.dates ? `date=${about.halves[1]}` : "field=value",
      oninput: () => asked({ filter: this.filter.value }),
    });
    this.lead = h("p", { class: "lead" });
    this.list = h("ol", { class: "library" });
    this.more = moreOf(this, PAGE, "documents");
    this.element = h(
      "div",
      {},
      h("h2", {}, "Documents"),
      h(
        "div",
        { class: "fields" },
        orderLabel,
        h("label", { class: "wide-field" }, "only where", this.filter),
      ),
      this.lead,
      this.list,
      this.more,
    );
  }

  async update() {
    fill([[this.filter, state.filter]]);
    this.order.value = state.listed;
    const key = [state.listed, ...filters(), this.shown].join("\n");
    if (key !== this.key) await this.newest((signal) => this.load(key, filters(), signal));
    for (const item of this.list.children)
      if (item.dataset.id === state.doc) item.firstChild.setAttribute("aria-current", "true");
      else item.firstChild.removeAttribute("aria-current");
  }

  async load(key, wanted, signal) {
    const busy = (rule) => {
        this.lead.textContent = `Please wait: ${rule}.`;
      },
      rows = [];
    let total = 1;
    while (rows.length < Math.min(this.shown, total)) {
      const found = await ask(
        "documents",
        { sort: state.listed, filter: wanted, offset: rows.length, limit: PAGE },
        { signal, busy },
      );
      rows.push(...found.rows);
      total = found.total;
    }
    this.key = key;
    this.lead.textContent = wanted.length
      ? `${many(total, "document")} ${total === 1 ? "passes" : "pass"} the filter.`
      : many(total, "document");
    this.list.replaceChildren(
      ...rows.map((row) =>
        h(
          "li",
          { "data-id": row.id },
          toDocument(row.id, [
            h("b", {}, heading({ title: row.fields.title, text: row.text })),
            " ",
            h(
              "span",
              { class: "place" },
              [clean(row.id), row.date, many(row.words, "word")].filter(Boolean).join(" · "),
            ),
          ]),
        ),
      ),
    );
    this.more.hidden = rows.length >= total;
    say(many(total, "document"));
  }
}

/** A document, whole; it opens at a passage. */
export async function documentPage(id, at = "") {
  const found = await ask("document", { id });
  const fields = [["id", id], ["date", found.date], ...Object.entries(found.fields)].filter(
    ([, value]) => value,
  );
  const text = wholeText(found, { at });
  requestAnimationFrame(() => text.querySelector(".passage")?.scrollIntoView({ block: "center" }));
  return h(
    "div",
    {},
    h("a", { class: "back", href: link({ doc: "", at: "" }) }, "← Back"),
    h("h2", { class: "word" }, heading({ title: found.fields.title, text: found.text })),
    h(
      "dl",
      { class: "facts" },
      fields.map(([name, value]) => h("div", {}, h("dt", {}, bdi(name)), h("dd", {}, bdi(value)))),
    ),
    text,
    similar(id, (hit) =>
      h(
        "li",
        {},
        toDocument(hit.id, heading(hit), hit.passage),
        " ",
        h("span", { class: "times" }, figure(hit.score)),
        snippet(hit),
      ),
    ),
  );
}
