// Lists of words: the ranking of those that changed, with the neighbours each gained and lost, and new ones.
import { ask, latest } from "./api.js";
import { bdi, choice, debounced, fill, h, listed, moreOf, number, say } from "./dom.js";
import {
  SOURCES,
  count,
  figure,
  interval,
  many,
  probability,
  readable,
  share,
  spell,
  told,
} from "./format.js";
import { go, link, state } from "./state.js";
import { commas, meanings, table } from "./table.js";
import { MIXES, VARIANTS, keywords } from "./usage.js";

const PAGE = 50;
const SORTS = {
  size: "size of the change",
  q: "significance",
  distance: "distance moved",
  apd: "difference of occurrences (APD)",
  count: "frequency",
  word: "alphabet",
};

export class Ranking {
  constructor(about) {
    this.newest = latest();
    this.about = about;
    this.shown = PAGE;
    this.title = h("h2", {}, "Words that changed");
    this.first = h("div", {}); // how the two sides are written: a reader must know it before the words
    this.lead = h("p", { class: "lead" });
    this.notes = h("div", {});
    this.meanings = h("p", {});
    this.unmatched = h("div", {});
    this.typical = h("div", { class: "typical" });
    this.list = h("ol", { class: "ranking" });
    this.more = moreOf(this, PAGE, "words");
    const asked = debounced(150, (changes) => {
      this.shown = PAGE;
      go(changes, false);
    });
    const [sort, sortLabel] = choice("sorted by", Object.entries(SORTS), (value) =>
      asked({ sort: value }, 0),
    );
    const [q, qLabel] = choice(
      "significance",
      [
        ["", "any"],
        ["0.05", "q ≤ .05"],
        ["0.01", "q ≤ .01"],
        ["0.001", "q ≤ .001"],
      ],
      (value) => asked({ q: value }, 0),
    );
    const [seen, seenLabel] = number("min. occurrences", { min: 1 }, (value) => asked({ seen: value }));
    const [size, sizeLabel] = number("min. change", { min: 0, max: 1, step: 0.01 }, (value) =>
      asked({ size: value }),
    );
    const [mix, mixLabel] = choice("mix", Object.entries(MIXES), (value) => asked({ mix: value }, 0));
    const [variants, variantsLabel] = choice("variants", Object.entries(VARIANTS), (value) =>
      asked({ variants: value }, 0),
    );
    Object.assign(this, { sort, q, seen, size, mix, variants });
    this.stops = h("input", {
      type: "checkbox",
      onchange: () => asked({ stops: this.stops.checked ? "1" : "" }, 0),
    });
    this.names = h("input", {
      type: "checkbox",
      onchange: () => asked({ names: this.names.checked ? "0" : "" }, 0),
    });
    this.text = h("input", {
      type: "search",
      dir: "auto",
      placeholder: "any",
      oninput: () => asked({ text: this.text.value }),
    });
    this.element = h(
      "div",
      {},
      this.title,
      this.first,
      this.lead,
      this.notes,
      this.unmatched,
      this.typical,
      h(
        "details",
        { class: "why" },
        h("summary", {}, "What is measured?"),
        this.meanings,
        h(
          "p",
          {},
          "Among the words with q ≤ .05, at most about 5 % changed by chance only. Significant words come ",
          "first, of these names, numbers and other spellings last; then those that changed most.",
        ),
      ),
      h(
        "details",
        { class: "filters", open: innerWidth > 800 },
        h("summary", {}, "Filter and sort"),
        h(
          "div",
          { class: "fields" },
          sortLabel,
          qLabel,
          seenLabel,
          sizeLabel,
          about.kept ? "" : [mixLabel, variantsLabel],
          h("label", {}, "contains", this.text),
          h("label", { class: "check" }, this.stops, " with stop words and numbers"),
          h(
            "label",
            {
              class: "check",
              title: "Without words that the text writes with a capital letter in mid-sentence",
            },
            this.names,
            " without names",
          ),
        ),
      ),
      h(
        "p",
        { class: "legend" },
        h("span", { class: "came" }, "+ gained neighbours"),
        h("span", { class: "went" }, "− lost neighbours"),
      ),
      this.list,
      this.more,
    );
  }

  async update() {
    fill(["sort", "q", "seen", "size", "mix", "variants", "text"].map((name) => [this[name], state[name]]));
    this.stops.checked = Boolean(state.stops);
    this.names.checked = Boolean(state.names);
    const { c, seen, q, size, text, stops, names, sort, mix, variants } = state;
    const limit = Math.min(200, this.shown);
    const asked = { c, q, sort, text, stops, names, limit, seen, size, mix, variants };
    const progress = (done) => {
      const before = this.found ? " Until then, this is the previous comparison." : "";
      this.lead.textContent = `Comparing all words: ${share(done)} done.${before}`;
    };
    const found = await this.newest((signal) => ask("ranking", asked, { signal, progress }));
    if (!found) return null;
    const first = this.compared !== c;
    this.compared = c;
    this.found = found;
    this.show(found);
    if (first) this.begin(found);
    return found;
  }

  /** A comparison is shown for the first time. */
  begin(found) {
    const parts = found.names[0] !== "original" && !this.about.kept;
    this.typical.replaceChildren(parts ? keywords(this.compared, found.names) : "");
    this.tested?.();
  }

  show(found) {
    const [before, after] = found.names;
    const refined = before === "original";
    this.title.textContent = refined
      ? "What refining changed"
      : `What changed from ${readable(before)} to ${readable(after)}`;
    const who =
      `${many(found.total, "word")} of ${count(found.ranked)} that ` +
      (refined ? "occur" : "occur in both parts") +
      ` ${many(found.least, "time")} or more`;
    const test = found.tested ? "" : "; too little text to test for significance";
    this.lead.textContent = `${told(found.summary, found.names)} Here: ${who}${test}.`.trim();
    this.meanings.textContent = meanings(found.columns);
    const noted = (notes) => notes.map((note) => h("p", { class: "note" }, told(note, found.names)));
    this.first.replaceChildren(...noted(found.first));
    this.notes.replaceChildren(...noted(found.notes));
    const came = [
      [`New in ${readable(after)}`, found.new],
      [`Gone since ${readable(before)}`, found.gone],
    ];
    this.unmatched.replaceChildren(
      ...came
        .filter(([, rows]) => rows.length)
        .map(([name, rows]) =>
          h(
            "details",
            { class: "why unmatched" },
            h(
              "summary",
              {},
              `${name}: ${rows
                .slice(0, 3)
                .map(({ word }) => spell(word))
                .join(", ")} …`,
            ),
            h(
              "p",
              {},
              "Too rare on one side to be compared: ",
              listed(
                rows.map((row) => [
                  h("a", { class: "w", href: link({ word: row.word, near: "" }) }, bdi(row.word)),
                  ` ${count(row.count_a)}→${count(row.count_b)}×`,
                ]),
              ),
            ),
          ),
        ),
    );
    this.q.disabled = !found.tested;
    this.mix.disabled = this.variants.disabled = refined; // the text is the same
    const kept = document.activeElement?.closest?.(".ranking a")?.dataset.word;
    this.list.replaceChildren(...found.rows.map((row) => this.row(row)));
    this.seen.placeholder = String(found.least);
    if (kept)
      [...this.list.querySelectorAll("a")]
        .find((a) => a.dataset.word === kept)
        ?.focus({ preventScroll: true });
    this.more.hidden = found.rows.length >= Math.min(found.total, 200);
    if (!found.ranked)
      this.list.replaceChildren(
        h("li", { class: "none" }, "No word can be compared: too little text, or no initial vectors."),
      );
    else if (!found.total)
      this.list.replaceChildren(
        h(
          "li",
          { class: "none" },
          "No word passes these filters. ",
          h("a", { href: link({ seen: "1", size: "", q: "", text: "", stops: "1", names: "" }) }, "Show all"),
        ),
      );
    this.select();
    say(many(found.total, "word"));
  }

  row(row) {
    const sure = row.q === null ? null : row.q <= 0.05;
    const bar = h("span", { class: "bar" }, h("span", {}));
    bar.firstChild.style.width = `${Math.round(Math.min(1, Math.max(0, row.change)) * 100)}%`;
    const times =
      row.count_a === row.count_b ? `${count(row.count_a)}×` : `${count(row.count_a)}→${count(row.count_b)}×`;
    const words = (list, mark, sign) =>
      list.length > 0 &&
      h(
        "span",
        { class: mark },
        h("span", { class: "hidden" }, mark === "came" ? "gained: " : "lost: "),
        `${sign} `,
        commas(list.slice(0, 4)),
      );
    const facts = [
      row.mark,
      row.subwords && "before: built from subwords",
      interval(row) &&
        `95 %: ${interval(row)}; distance ${figure(row.distance)}, by chance ${figure(row.chance)}`,
    ]
      .filter(Boolean)
      .join(" · ");
    return h(
      "li",
      {},
      h(
        "a",
        { href: link({ word: row.word, near: "" }), "data-word": row.word },
        h(
          "span",
          { class: "head" },
          bdi(row.word, { class: "w" }),
          bar,
          h("span", { class: "num", title: "change" }, figure(row.change)),
          h(
            "span",
            {
              class: `sure ${sure === null ? "" : sure ? "yes" : "no"}`,
              title: sure === null ? "not tested" : `q = ${probability(row.q)}`,
            },
            sure === null ? "" : sure ? "significant" : "chance?",
          ),
          h("span", { class: "times" }, times),
        ),
        facts && h("span", { class: "measured" }, facts),
        words(row.gained, "came", "+"),
        words(row.lost, "went", "−"),
      ),
    );
  }

  /** Highlight the current word. */
  select() {
    for (const a of this.list.querySelectorAll("a[data-word]")) {
      if (a.dataset.word === this.current) a.setAttribute("aria-current", "true");
      else a.removeAttribute("aria-current");
    }
  }

  /** Go to the word some places away from the current one. */
  step(by) {
    const all = [...this.list.querySelectorAll("a[data-word]")];
    const at = all.findIndex((a) => a.dataset.word === this.current);
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    if (!next) return;
    next.focus();
    go({ word: next.dataset.word, near: "" }, false);
  }
}

/** Words that the initial vectors lack, and what their vectors are based on. */
export class Unknown {
  constructor() {
    this.newest = latest();
    this.shown = PAGE;
    this.lead = h("p", { class: "lead" });
    const asked = debounced(150, (changes) => {
      this.shown = PAGE;
      go(changes, false);
    });
    const [source, sourceLabel] = choice("vector based on", [], (value) => asked({ source: value }, 0));
    const [from, fromLabel] = number("min. occurrences", { min: 1 }, (value) => asked({ from: value }));
    Object.assign(this, { source, from });
    this.list = h("div", {});
    this.more = moreOf(this, PAGE, "words");
    this.element = h(
      "div",
      {},
      h("h2", {}, "Words that the initial vectors lack"),
      this.lead,
      h("div", { class: "fields" }, sourceLabel, fromLabel),
      this.list,
      this.more,
    );
  }

  async update() {
    const found = await this.newest((signal) =>
      ask(
        "unknown",
        { source: state.source, seen: state.from, limit: Math.min(200, this.shown) },
        { signal },
      ),
    );
    if (!found) return;
    const kinds = Object.entries(found.sources),
      all = kinds.reduce((sum, [, n]) => sum + n, 0);
    this.source.replaceChildren(
      h("option", { value: "" }, `anything (${count(all)})`),
      ...kinds.map(([name, n]) => h("option", { value: name }, `${SOURCES[name]} (${count(n)})`)),
    );
    this.source.value = state.source;
    fill([[this.from, state.from]]);
    const { composed, unknown, random } = found.coverage;
    this.lead.textContent = all
      ? `${many(all, "word")} of your text ${all === 1 ? "is" : "are"} not in the initial vectors: ` +
        `${count(composed)} were built from subwords and ${count(unknown + random)} had no initial vector.`
      : "The initial vectors have every word of your text.";
    this.list.replaceChildren(
      table(found.columns, found.rows, { source_after: (row) => SOURCES[row.source_after] }),
    );
    this.more.hidden = found.rows.length >= Math.min(found.total, 200);
    say(many(found.total, "word"));
  }
}
