// Words that changed, as drift lists them, and those that came and went.
import { ask } from "./api.js";
import { h, listed, waiting } from "./dom.js";
import { count, many, readable, spell } from "./format.js";
import { List, findings, nothing } from "./list.js";
import { go, state } from "./state.js";
import { meanings, table, toWord } from "./table.js";
import { MIXES, VARIANTS, keywords } from "./usage.js";

const MOST = 200; // words of a list
const LEVELS = { "": "any", 0.05: "q ≤ .05", 0.01: "q ≤ .01", 0.001: "q ≤ .001" };
const MEASURES = new Set("differing interval change distance q texts".split(" ")); // on the page of a word
const CHANCE = 0.05; // q of what is beyond chance, at most
const SURE = 0.01; // the same of words beside it
const EVERYTHING = { min_count: "1", fdr: "", all_words: "true" };

const isSure = ({ q, q_contexts: beside }) => q <= CHANCE || (beside !== null && beside <= SURE);

export class Ranking extends List {
  constructor() {
    const fields = {
      fdr: { label: "significance", options: LEVELS },
      min_count: { label: "min. occurrences", type: "number", step: 1, min: 1 },
      mix: { label: "mix", options: MIXES },
      variants: { label: "variants", options: VARIANTS },
      all_words: { label: "with stop words and numbers", on: "true" },
    };
    super("Words that changed", h("div.ranking"), fields, { most: MOST });
    this.differ = h("summary"); // how the two sides are written: a reader must know it before the words
    this.notes = h("div");
    this.unmatched = h("div");
    this.typical = h("div.typical");
    this.element = h("div", [
      this.title,
      this.lead,
      h("details.why", this.differ, this.notes),
      this.unmatched,
      this.typical,
      this.list,
      this.more,
    ]);
  }

  async update() {
    this.fields.show(state);
    const { c, fdr, min_count, all_words, mix, variants } = state;
    const asked = { c, fdr, min_count, all_words, mix, variants, top: Math.min(MOST, this.shown) };
    const clear = () => {
      for (const part of [this.notes, this.unmatched, this.list]) part.replaceChildren();
      this.title.textContent = "Words that changed";
    };
    if (this.compared !== c) clear(); // it is about other parts
    const how = waiting(this.lead, "Comparing all words", this.compared === c);
    const found = await this.newest((signal) => ask("ranking", asked, { signal, ...how })).catch((error) => {
      clear();
      this.lead.replaceChildren();
      throw error;
    });
    if (!found) return null;
    const names = [found.a, found.b],
      refined = found.a === "original";
    if (this.compared !== c) this.typical.replaceChildren(refined ? "" : keywords(c, names));
    this.compared = c;
    this.found = found;
    this.show(found, names, refined);
    return found;
  }

  show(found, names, refined) {
    const [before, after] = names.map(readable);
    this.title.textContent = refined ? "What refining changed" : `What changed from ${before} to ${after}`;
    // The first sentence is that of every answer; where it is about the two parts, that about words follows.
    const [first] = found.findings.filter(({ kind }) => kind !== "event"); // which are of all of the time
    const about = (wanted) => found.findings.find(({ kind }) => kind === wanted);
    const answer = about("none") ?? about("word");
    const lead = [...new Set([first, answer])].map((finding) => finding?.says ?? "").join(" ");
    this.lead.textContent = readable(lead);
    const others = found.findings.filter(
      (finding) => finding !== answer && finding.kind !== "word" && (finding !== first || finding.remedy),
    ); // words that came and went are listed below
    const differences = findings(others, this.fields);
    this.differ.textContent = differences.length
      ? `${many(differences.length, "other difference")} between the two, and what is measured`
      : "What is measured?";
    this.notes.replaceChildren(
      ...differences,
      h("p.note", readable(found.why)),
      h("p", `${meanings(found.columns)} Order: ${found.order}.`),
    );
    const came = { [`New in ${after}`]: found.new, [`Gone since ${before}`]: found.gone };
    this.unmatched.replaceChildren(
      ...Object.entries(came)
        .filter(([, rows]) => rows.length)
        .map(([name, rows]) => unmatched(name, rows)),
    );
    const { inputs } = this.fields;
    for (const name of ["mix", "variants"]) inputs[name].toggleAttribute("disabled", refined); // one text
    const kept = document.activeElement?.closest?.(".ranking a")?.dataset.word;
    const none = nothing("No word passes these filters.", "Show all", EVERYTHING);
    const columns = found.columns.filter(({ name }) => refined || !MEASURES.has(name));
    this.fill([found.total ? table(columns, found.rows) : none], found.total);
    for (const [i, a] of this.words.entries())
      a.closest("tr").classList.toggle("unsure", !isSure(found.rows[i]));
    if (kept) this.words.find((a) => a.dataset.word === kept)?.focus({ preventScroll: true });
    this.select();
  }

  /** The word that changed most, if one did beyond chance. */
  get first() {
    return this.found?.rows.find(isSure)?.word;
  }

  get words() {
    return [...this.list.querySelectorAll("th a[data-word]")];
  }

  /** Highlight the current word. */
  select() {
    for (const a of this.words) a.ariaCurrent = a.dataset.word === this.current ? "true" : null;
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
  const all = rows.map((row) => [toWord(row.word), ` ${count(row.count_a)} → ${count(row.count_b)}`]);
  return h("details.why.unmatched", [
    h("summary", `${name}: ${first.join(", ")} …`),
    h("p", "Too rare on one side to be compared: ", listed(all)),
  ]);
}
