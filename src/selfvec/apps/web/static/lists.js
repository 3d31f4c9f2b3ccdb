// The other views: new words, and health.
import { ask, latest } from "./api.js";
import { bdi, count, figure, h, many, say, debounced, share } from "./dom.js";
import { go, link, state } from "./state.js";
import { SOURCES } from "./word.js";

/** Words that the initial vectors lack, and what their vectors are based on. */
export class Unknown {
  constructor() {
    this.newest = latest();
    this.shown = 50;
    this.lead = h("p", { class: "lead" });
    const asked = debounced(150, (changes) => { this.shown = 50; go(changes, false); });
    this.source = h("select", { onchange: () => asked({ source: this.source.value }, 0) });
    this.from = h("input", { type: "number", min: 1, step: 1, placeholder: "any", oninput: () => { if (this.from.reportValidity()) asked({ from: this.from.value }); } });
    this.body = h("tbody", {});
    this.more = h("button", { type: "button", class: "more", onclick: () => { this.shown += 50; this.update(); } }, "More words");
    this.element = h("div", {}, h("h2", {}, "Words that the initial vectors lack"), this.lead,
      h("div", { class: "fields" }, h("label", {}, "vector based on", this.source), h("label", {}, "min. occurrences", this.from)),
      h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["word", "occurrences", "vector based on", "now near"].map((name) => h("th", { scope: "col" }, name)))), this.body)), this.more);
  }

  async update() {
    const found = await this.newest((signal) => ask("unknown", { source: state.source, seen: state.from, limit: Math.min(200, this.shown) }, { signal }));
    if (!found) return;
    const kinds = Object.entries(found.sources), all = kinds.reduce((sum, [, n]) => sum + n, 0);
    this.source.replaceChildren(h("option", { value: "" }, `anything (${count(all)})`), ...kinds.map(([name, n]) => h("option", { value: name }, `${SOURCES[name]} (${count(n)})`)));
    this.source.value = state.source;
    if (document.activeElement !== this.from) this.from.value = state.from;
    this.lead.textContent = all ? `${many(all, "word")} of your text ${all === 1 ? "is" : "are"} not in the initial vectors: ${count(found.coverage.composed)} were built from subwords and ${count(found.coverage.unknown + found.coverage.random)} had no initial vector.` : "The initial vectors have every word of your text.";
    this.body.replaceChildren(...found.rows.map((row) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: link({ word: row.word, near: "" }), class: "w" }, bdi(row.word))),
      h("td", { class: "num" }, count(row.count)), h("td", {}, SOURCES[row.source_after]),
      h("td", {}, row.near.map((word, i) => [i ? ", " : "", bdi(word)])))));
    this.more.hidden = found.rows.length >= Math.min(found.total, 200);
    say(many(found.total, "word"));
  }
}

const FIGURES = [
  ["mean_cosine_to_original", "cosine to the original", "1: no word moved; 0: nothing in common with the original", figure],
  ["anisotropy", "cosine of two random words", "near 1: all words are alike", figure, "anisotropy_original"],
  ["effective_rank", "dimensions in use", "few: the vectors have collapsed", (x) => count(Math.round(x)), "effective_rank_original"],
  ["saturated", "neighbours at a cosine of about 1", "many: similarities mean little", share],
  ["known", "words with a vector", "in the initial vectors", count],
  ["composed", "words from subwords", "their initial vectors are built from subwords", count],
  ["composed_tokens", "their share of the text", "", share],
  ["oov", "words without an initial vector", "neither of the two", count],
  ["oov_empty", "… still without one", "nothing was learned about them", count],
  ["oov_tokens", "their share of the text", "", share],
];

/** The findings of the health check, and their figures. */
export async function health() {
  const found = await ask("health");
  const level = { ok: "ok", warn: "warning", fail: "failed" };
  return h("div", { class: "full" }, h("h2", {}, found.verdicts.length ? "This run failed a check" : "This run is healthy"),
    h("ul", { class: "findings" }, found.findings.map((finding) => h("li", { class: finding.level },
      h("b", {}, `${finding.name} `), h("span", { class: "tag" }, level[finding.level] ?? finding.level), h("p", {}, `${finding.message}.`),
      finding.remedy ? h("p", {}, h("b", {}, "What to do: "), `${finding.remedy}.`) : null))),
    h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, ["figure", "before", "after", "meaning"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, FIGURES.filter(([key]) => found[key] !== null && found[key] !== undefined).map(([key, name, meaning, show, before]) => h("tr", {},
        h("th", { scope: "row" }, name), h("td", { class: "num" }, before && found[before] !== null ? show(found[before]) : ""), h("td", { class: "num" }, show(found[key])), h("td", { class: "quiet" }, meaning)))))));
}
