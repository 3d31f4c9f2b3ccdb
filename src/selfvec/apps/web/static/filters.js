// The filters: one row that opens. What is chosen stands in the address, and narrows search, map and times.
import { ask, latest } from "./api.js";
import { brush } from "./brush.js";
import { button, h } from "./dom.js";
import { clean, count, many, percent, readable } from "./format.js";
import { Fields } from "./list.js";
import { filters, go, narrows, state } from "./state.js";

/** The row, the fields of the view that is shown, and how many documents each value of each field leaves. */
export class Filters {
  constructor(element, about) {
    Object.assign(this, { element, about });
    this.newest = latest();
    this.total = h("p.total", { role: "status" });
    this.chips = h("span.chips");
    this.own = h("div"); // the fields of the view
    this.facets = h("div.facets");
    const typed = {
      label: "only where",
      type: "text",
      wide: true,
      maxlength: 400,
      placeholder: "field=value",
    };
    if (about.dates) typed.placeholder = `date=${about.dates[1].slice(0, 4)}`;
    this.fields = new Fields({ filter: typed }, (changes) => go(changes, false));
    this.panel = h("div.panel", { id: "panel", hidden: true }, [
      h("div.asked", this.own, this.fields.element),
      this.facets,
    ]);
    const turn = () => this.open((this.wanted = this.panel.hidden));
    this.opener = button("Filters", turn, { "aria-expanded": "false", "aria-controls": "panel" });
    element.replaceChildren(h("div.row", this.opener, this.chips, this.total), this.panel);
  }

  open(wanted) {
    this.panel.hidden = !wanted;
    this.opener.ariaExpanded = String(wanted);
    if (wanted) this.update();
  }

  /**
   * Show the fields of a view, and what its documents are narrowed by. Beside the documents that are searched
   * they are open where there is room, unless a person has closed them.
   */
  view({ fields }) {
    const beside = state.view === "texts" && matchMedia("(min-width: 1300px)").matches;
    this.panel.hidden = !(this.wanted ?? beside);
    this.opener.ariaExpanded = String(!this.panel.hidden);
    this.element.hidden = !fields && !narrows();
    const own = fields?.element ?? null;
    // A field that is put where it is already would lose its focus.
    if (this.own.firstChild !== own) this.own.replaceChildren(...(own ? [own] : []));
    return this.update();
  }

  async update() {
    const chosen = filters(),
      query = state.view === "texts" ? state.ask.trim() : "";
    this.fields.show(state);
    for (const part of [this.fields.element, this.facets]) part.hidden = !narrows();
    this.chips.replaceChildren(
      ...chosen.map((text) =>
        button([readable(text), " ✕"], () => this.choose(text), {
          class: "ask",
          "aria-label": `Without ${text}`,
        }),
      ),
    );
    if (!narrows() || !this.about.has_documents) return this.total.replaceChildren();
    if (this.panel.hidden && !chosen.length && !query)
      return this.total.replaceChildren(many(this.about.documents, "document"));
    const busy = (rule) => this.total.replaceChildren(`${rule} …`);
    return this.newest(async (signal) => {
      this.show(await ask("facets", { query, filter: chosen }, { signal, busy }), query);
    }).catch(() => {
      this.total.replaceChildren(); // the view says what is wrong
      this.facets.replaceChildren();
    });
  }

  /** Only documents that a filter leaves, or all again. */
  choose(text) {
    const others = filters().filter((other) => other !== text && nameOf(other) !== nameOf(text));
    go({ filter: [...others, ...(filters().includes(text) ? [] : [text])].join("; "), doc: "", at: "" });
  }

  show({ found, documents, words, fields }, query) {
    const part = found < documents && !query ? ` (${percent(found / documents)})` : "",
      with_ = query ? ` ${found === 1 ? "has" : "have"} words of the question` : "",
      all = found < documents || query ? ` of ${many(documents, "document")}${part}${with_}` : " documents";
    this.total.replaceChildren(
      h("span.number", count(found)),
      all,
      words === null || query ? "" : `, ${many(words, "word")}`,
    );
    this.facets.replaceChildren(...fields.map((field) => this.facet(field)));
  }

  /** A range of time, drawn on the number of documents. */
  range(name, bars) {
    const own = filters().find((text) => nameOf(text) === name),
      wanted = own?.slice(own.indexOf("=") + 1).trim() ?? "..~";
    const choose = ([range]) => range !== wanted && this.choose(`${name}=${range}`);
    return brush(bars, [{ name: wanted, label: name, look: own ? "came" : "" }], choose);
  }

  facet({ name, type, bars, values, more, range }) {
    const highest = Math.max(1, ...values.map((row) => row.count));
    const one = ({ filter, value, count: n }) => {
      const title = `${readable(value)}: ${many(n, "document")}`,
        height = `${(100 * n) / highest}%`;
      const look = { title, "aria-label": title, "aria-pressed": String(filters().includes(filter)) };
      const content = bars
        ? h("span", { style: { height } })
        : [h("bdi", clean(value)), h("span.times", ` ${count(n)}`)];
      const choice = button(content, () => this.choose(filter), { ...look, class: bars ? "" : "ask" });
      return bars ? choice : h("li", choice);
    };
    const ends = [values[0], values.at(-1)].map(({ value }) => h("span", readable(value))),
      dated = type === "day" || type === "moment",
      extent = range.length > 0 && h("small", ` ${range[0]} to ${range[2]}, half up to ${range[1]}`);
    return h("section", [
      h("h2", { title: type }, h("bdi", clean(name)), extent),
      dated
        ? this.range(name, values)
        : [h(bars ? "div.histogram" : "ul.values", values.map(one)), bars && h("p.ends", ends)],
      more > 0 && h("p.quiet", `and ${count(more)} more`),
    ]);
  }
}

const nameOf = (filter) => filter.slice(0, filter.indexOf("=")).trim();
