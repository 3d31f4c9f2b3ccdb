// Search of the documents: the best passages with their matches, or next to those of the original vectors.
import { ask, latest } from "./api.js";
import { heading, later, quotes, similar, snippet, toDocument, wholeText } from "./documents.js";
import { bdi, choice, debounced, fill, h, say } from "./dom.js";
import { clean, count, figure, many, share } from "./format.js";
import { go, state } from "./state.js";

const MODES = { hybrid: "words and meaning", bm25: "words", dense: "meaning" };
const PAGE = 10;

/** The filters in the state: "state=IOWA; date=1996..1998". */
const filters = () => state.filter.split(";").map((text) => text.trim()).filter(Boolean);

/** How a question was understood, where that may not be what was meant. */
const notes = (found) => found.notes.map((note) => h("p", { class: "lead note" }, clean(note)));

export class Search {
  constructor(about) {
    this.newest = latest();
    this.about = about;
    this.shown = PAGE;
    this.asked = debounced(250, (changes) => { this.shown = PAGE; go(changes, false); });
    this.input = h("input", { type: "search", dir: "auto", "aria-label": "What to look for", placeholder: "a few words, or a question", maxlength: 500, oninput: () => this.asked({ ask: this.input.value }) });
    const [mode, modeLabel] = choice("by", Object.entries(MODES), (value) => this.asked({ mode: value }, 0));
    this.mode = mode;
    this.filter = h("input", { type: "text", maxlength: 400, placeholder: about.dates ? `date=${about.halves[1]}` : "field=value", oninput: () => this.asked({ filter: this.filter.value }) });
    this.beside = h("input", { type: "checkbox", onchange: () => this.asked({ beside: this.beside.checked ? "1" : "" }, 0) });
    this.hint = h("p", { class: "lead" }, "A document need not contain the words of the question.");
    this.out = h("div", {});
    this.element = h("div", { class: "full" }, h("h2", {}, "Search the documents"), this.input,
      h("div", { class: "fields" }, modeLabel, h("label", { class: "wide-field" }, "only where", this.filter),
        h("label", { class: "check" }, this.beside, " next to what the original vectors find")),
      this.hint, this.out);
  }

  async update() {
    fill([[this.input, state.ask], [this.filter, state.filter]]);
    this.mode.value = state.mode;
    this.beside.checked = Boolean(state.beside);
    const asked = state.ask.trim();
    if (!this.about.has_text) return this.out.replaceChildren(h("p", { class: "wait" }, "The run did not keep its text, so there is nothing to search."));
    if (!asked) return this.out.replaceChildren(h("p", { class: "wait" }, "Type a few words or a question."));
    return this.newest((signal) => (state.beside ? this.both(asked, signal) : this.one(asked, signal)).catch((error) => {
      if (!signal.aborted) this.out.replaceChildren(); // hits of the previous question are removed
      throw error;
    }));
  }

  wait(text) { this.out.replaceChildren(h("p", { class: "wait" }, text)); }

  async one(asked, signal) {
    const busy = (rule) => this.wait(`Please wait: ${rule}.`);
    const found = await ask("search", { query: asked, mode: state.mode, top: this.shown, filters: filters(), fold: true }, { signal, busy });
    if (found.filter_names.length) this.hint.textContent = `A document need not contain the words of the question. Fields: ${found.filter_names.map(clean).join(", ")}.`;
    const [example] = Object.entries(found.rows[0]?.fields ?? {});
    if (example) this.filter.placeholder = `${this.about.dates ? `date=${this.about.halves[1]}; ` : ""}${example.join("=")}`;
    const unknown = found.unknown.length ? h("p", { class: "lead" }, "Words that the run lacks: ", found.unknown.map((word, i) => [i ? ", " : "", bdi(word)])) : null;
    const more = h("button", { type: "button", class: "more", hidden: found.rows.length < this.shown || this.shown >= 100, onclick: () => { this.shown += PAGE; this.update(); } }, "More documents");
    this.out.replaceChildren(...[...notes(found), unknown, h("ol", { class: "found" }, found.rows.map((hit) => this.hit(hit))),
      found.rows.length ? null : h("p", { class: "wait" }, "Nothing was found."), more].filter(Boolean));
    say(many(found.rows.length, "document"));
  }

  hit(hit) {
    const facts = [["date", hit.date], ...Object.entries(hit.fields)].filter(([, value]) => value !== null && value !== "");
    const only = (name, value) => this.asked({ filter: [...filters().filter((text) => !text.startsWith(`${name}=`)), `${name}=${value}`].join("; ") }, 0);
    return h("li", {}, h("h3", {}, heading(hit), " ", h("span", { class: "times" }, figure(hit.score))),
      snippet(hit), h("p", { class: "place" }, h("span", {}, clean(hit.id)), facts.map(([name, value]) =>
        h("button", { type: "button", class: "ask", title: `Only where ${name} is ${value}`, onclick: () => only(name, value) }, bdi(String(value))))),
      hit.alike.length > 0 && later(`${count(hit.alike.length)} alike`, async () => h("ul", { class: "plainlist" }, hit.alike.slice(0, 100).map((id) => h("li", {}, toDocument(id, clean(id)))))),
      later("Whole document", async () => wholeText(await ask("document", { id: hit.id }), hit)),
      similar(hit.id, (other) => this.hit(other)));
  }

  /** What the original vectors find, next to what the refined ones find. */
  async both(asked, signal) {
    const progress = (done) => this.wait(`Indexing all documents: ${share(done)} done …`);
    const found = await ask("texts", { query: asked, top: 8, mode: state.mode, filters: filters() }, { signal, progress, keep: (answer) => answer.whole });
    clearTimeout(this.again);
    const [before, after] = found.sides, numbers = found.sides.map((hits) => new Map(hits.map((hit, i) => [hit.document, i + 1])));
    const side = (name, hits, other, mark) => h("section", {}, h("h3", {}, name),
      mark === "went" && !found.whole ? h("p", { class: "wait" }, "Indexing all documents with the original vectors …") :
      hits.length ? h("ol", { class: "hits" }, hits.map((hit, place) => {
        const was = other.get(hit.document);
        const how = !found.whole ? "" : was === undefined ? (mark === "came" ? "+ new" : "− gone") : mark === "came" && was !== place + 1 ? `was ${count(was)}` : "";
        return h("li", {}, h("span", { class: "head" }, h("span", { class: "num" }, figure(hit.score)), h("span", { class: was === undefined ? mark : "times" }, how)), quotes([hit]));
      })) : h("p", { class: "wait" }, "Nothing was found."));
    this.out.replaceChildren(...notes(found), h("div", { class: "sides" }, side("Original vectors", before, numbers[1], "went"), side("Refined vectors", after, numbers[0], "came")));
    if (!found.whole) this.again = setTimeout(() => this.update(), 1000);
    say(`${before.length} documents before, ${after.length} after`);
  }
}
