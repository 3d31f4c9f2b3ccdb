// Words that the initial vectors lack.
import { ask, latest } from "./api.js";
import { bdi, h, say } from "./dom.js";
import { choice, debounced, fill, number } from "./fields.js";
import { SOURCES, count, many } from "./format.js";
import { go, link, state } from "./state.js";

const PAGE = 50;

/** Words that the initial vectors lack, and what their vectors are based on. */
export class Unknown {
  constructor() {
    this.newest = latest();
    this.shown = PAGE;
    this.lead = h("p", { class: "lead" });
    const asked = debounced(150, (changes) => { this.shown = PAGE; go(changes, false); });
    const [source, sourceLabel] = choice("vector based on", [], (value) => asked({ source: value }, 0));
    const [from, fromLabel] = number("min. occurrences", { min: 1 }, (value) => asked({ from: value }));
    Object.assign(this, { source, from });
    this.body = h("tbody", {});
    this.more = h("button", { type: "button", class: "more", onclick: () => { this.shown += PAGE; this.update(); } }, "More words");
    this.element = h("div", {}, h("h2", {}, "Words that the initial vectors lack"), this.lead,
      h("div", { class: "fields" }, sourceLabel, fromLabel),
      h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["word", "occurrences", "vector based on", "now near"].map((name) => h("th", { scope: "col" }, name)))), this.body)), this.more);
  }

  async update() {
    const found = await this.newest((signal) => ask("unknown", { source: state.source, seen: state.from, limit: Math.min(200, this.shown) }, { signal }));
    if (!found) return;
    const kinds = Object.entries(found.sources), all = kinds.reduce((sum, [, n]) => sum + n, 0);
    this.source.replaceChildren(h("option", { value: "" }, `anything (${count(all)})`), ...kinds.map(([name, n]) => h("option", { value: name }, `${SOURCES[name]} (${count(n)})`)));
    this.source.value = state.source;
    fill([[this.from, state.from]]);
    this.lead.textContent = all ? `${many(all, "word")} of your text ${all === 1 ? "is" : "are"} not in the initial vectors: ${count(found.coverage.composed)} were built from subwords and ${count(found.coverage.unknown + found.coverage.random)} had no initial vector.` : "The initial vectors have every word of your text.";
    this.body.replaceChildren(...found.rows.map((row) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: link({ word: row.word, near: "" }), class: "w" }, bdi(row.word))),
      h("td", { class: "num" }, count(row.count)), h("td", {}, SOURCES[row.source_after]),
      h("td", {}, row.near.map((word, i) => [i ? ", " : "", bdi(word)])))));
    this.more.hidden = found.rows.length >= Math.min(found.total, 200);
    say(many(found.total, "word"));
  }
}
