// One word: its neighbours before and after, and sentences that show the change.
import { ask, latest } from "./api.js";
import { bar, bdi, button, facts, h, listed, still } from "./dom.js";
import { SOURCES, count, figure, interval, many, probability, readable, share } from "./format.js";
import { quotes } from "./documents.js";
import { go, link, state } from "./state.js";
import { toWord } from "./table.js";
import { wordChart } from "./times.js";
import { collocates, concordance } from "./usage.js";

export class WordPage {
  constructor(element, about) {
    this.element = element;
    this.about = about;
    this.newest = latest();
  }

  /** Show a word; the sentences are loaded afterwards. */
  async show(word) {
    return this.newest(async (signal) => {
      const asked = { w: word, c: state.c };
      const progress = (done) => {
        if (!this.word)
          this.element.replaceChildren(
            h("h2.word", bdi(word)),
            h("p.wait", `Comparing all words: ${share(done)} done.`),
          );
      };
      const found = await ask("word", asked, { signal, progress: state.word ? progress : undefined });
      asked.w = found.word; // it may have been typed with signs around it
      this.paint(found);
      await Promise.all([this.sentences(found, asked, signal), this.course(found, signal)]);
      return found;
    });
  }

  /** The figures again, now that the tests are done. */
  async recheck() {
    const { word } = this;
    if (!word || this.tested) return;
    const found = await ask("word", { w: word, c: state.c });
    if (word !== this.word) return;
    const list = facts(figures(found));
    this.list.replaceWith(list);
    this.list = list;
  }

  /** Show other sentences of the word that is shown. */
  async why() {
    await this.newest((signal) => this.sentences({ word: this.word }, { w: this.word, c: state.c }, signal));
    if (state.near) this.texts.scrollIntoView({ block: "nearest", behavior: still() ? "instant" : "smooth" });
  }

  paint(found) {
    const { word } = found;
    Object.assign(this, { word, tested: found.tested });
    this.texts = h("div.texts", h("p.wait", "Looking for sentences …"));
    this.time = h("div");
    this.list = facts(figures(found));
    this.element.replaceChildren(
      h("a.back", { href: link({ word: "", near: "" }) }, "← All words"),
      h("h2.word", bdi(word)),
      claim(found),
      this.list,
      h("h3", "Neighbours"),
      this.neighbours(found),
      h("h3", "In the text"),
      this.texts,
      this.time,
      ...this.usage(found),
    );
  }

  neighbours(found) {
    const came = new Set(found.gained),
      went = new Set(found.lost);
    const why = (word) =>
      button("why?", () => go({ near: word }, false), {
        class: "ask",
        "aria-label": `why? Where ${word} occurs near ${found.word}`,
      });
    const item = (mark, sign, changed, word, cosine) =>
      h("li", { class: changed ? mark : "" }, [
        h("span.sign", { "aria-hidden": "true" }, changed ? sign : ""),
        toWord(word),
        changed && h("span.hidden", mark === "came" ? " (gained)" : " (lost)"),
        bar(cosine),
        h("span.num", figure(cosine)),
        mark === "came" && this.about.has_tokens && why(word),
      ]);
    const side = (name, near, mark, sign, changed) =>
      h("div", [
        h("h4", name),
        near.length === 0
          ? h("p.wait", "no vector")
          : h("ol.near", [near.map(([word, cosine]) => item(mark, sign, changed.has(word), word, cosine))]),
      ]);
    const [before, after] = found.names;
    return h("div.sides", [
      side(before === "original" ? "Before" : readable(before), found.before, "went", "−", went),
      side(after === "refined" ? "After" : readable(after), found.after, "came", "+", came),
    ]);
  }

  /** Lists that are made when they are opened. */
  usage({ word, names }) {
    if (!this.about.has_tokens) return [];
    const parts = names[0] === "original" ? [""] : names;
    return [h("div.usage", collocates(word, parts), concordance(word, this.about, parts))];
  }

  /** How often the word occurs over time. */
  async course(found, signal) {
    const course = await ask("time", { w: found.word }, { signal });
    if (course.time.length < 2) return;
    this.time.replaceChildren(
      h("h3", "Over time"),
      h("p.lead", [
        h("a", { href: link({ view: "time", words: found.word }) }, "With other words, by year or decade"),
      ]),
      wordChart([course], 1, this.time.clientWidth),
    );
  }

  async sentences(found, asked, signal) {
    if (!this.about.has_tokens) {
      this.texts.replaceChildren(
        h("p.wait", "The run did not keep its text, so there are no sentences to show."),
      );
      return;
    }
    if (state.near) {
      await this.together(found.word, state.near, signal);
      return;
    }
    const answer = await ask("uses", { ...asked, n: 5 }, { signal });
    const one = answer.texts.length === 1,
      written = answer.texts.some((text) => text.uses.some((use) => use.written));
    const left = this.about.left_out.length ? `, without ${this.about.left_out.join(" and ")}` : "",
      rebuilt = written ? "" : `, rebuilt from the tokens that the run kept${left}`;
    this.texts.replaceChildren(
      h("p.lead", `Sentences that best show the change${rebuilt}.`),
      h("div", { class: one ? "" : "sides" }, [
        answer.texts.map((text) =>
          h("section", one ? null : h("h4", readable(text.name)), quotes(text.uses)),
        ),
      ]),
    );
  }

  async together(word, other, signal) {
    const found = await ask("together", { w: word, other, n: 6 }, { signal });
    const times = `${many(found.together, "time")} of ${count(found.of)}`;
    const how = found.together
      ? `They occur within eight words of each other ${times}. `
      : `They never occur close together. ${found.shared.length ? "They occur with the same words. " : ""}`;
    const shared = found.shared.length > 0 && [
      "Words that occur near both: ",
      listed(found.shared.map((near) => toWord(near))),
      ".",
    ];
    this.texts.replaceChildren(
      h("p.claim", "Why ", h("b", bdi(word)), " and ", h("b", bdi(other)), "? ", how, shared),
      h("p", h("a", { href: link({ near: "" }) }, "← Other sentences")),
      quotes(found.uses),
    );
  }
}

/** How the neighbours changed, in a sentence. */
function claim({ word, names: [before, after], before: near, after: now, gained, lost, source }) {
  const some = (words, mark) => listed(words.slice(0, 4).map((other) => toWord(other, mark)));
  const own = h("b", bdi(word));
  if (!near.length && !now.length) return h("p.claim", own, " has no vector, before or after.");
  const first = now.map(([other]) => other);
  if (!near.length) return h("p.claim", own, " had no vector; now it is near ", some(first, "came"), ".");
  if (!gained.length) return h("p.claim", own, " kept its ten nearest neighbours.");
  const spelled = ", words of similar spelling, because the initial vectors lack it";
  const said =
    before === "original"
      ? ["Before refining, ", `${source === "subwords" ? spelled : ""}. In your text it is near `]
      : [`In ${readable(before)} `, `; in ${readable(after)} it is near `];
  return h("p.claim", said[0], own, " was near ", some(lost, "went"), said[1], some(gained, "came"), ".");
}

/** What was measured of a word, as [name, value, …]. */
function figures(found) {
  const { change, source, source_after: now, tested } = found,
    refined = found.names[0] === "original";
  const lacked = refined && source !== "known";
  const out = [
    change && change.count_a !== change.count_b
      ? ["occurrences", `${count(change.count_a)}, then ${count(change.count_b)}`]
      : ["occurrences", count(found.count)],
  ];
  if (!tested && !change) out.push(["change", "being compared …"]);
  else if (!change)
    out.push(["change", lacked ? "unknown: the initial vectors lack the word" : "not compared: too rare"]);
  else {
    const rank = found.rank === null ? "" : `, number ${count(found.rank)} of ${count(found.ranked)}`;
    const sure = interval(change) && `; new uses: ${interval(change)}`;
    out.push(["change", h("b", figure(change.change)), sure, rank]);
    const chance = change.chance ? `; by chance ${figure(change.chance)}` : "";
    if (change.distance !== null) out.push(["distance moved", figure(change.distance), chance]);
    if (change.mark) out.push(["kind", change.mark]);
    const [yes, no] = refined
        ? ["its documents agree", "its documents disagree"]
        : ["significant", "may be chance"],
      sign = change.q <= 0.05 ? h("b.yes", yes) : h("b.no", no);
    if (change.q !== null)
      out.push(["significance", sign, ` (q ${change.q < 0.001 ? "" : "= "}${probability(change.q)})`]);
  }
  const after = now === source ? "" : `; now on ${SOURCES[now]}`;
  if (lacked) out.push(["its vector", `at first based on ${SOURCES[source]}`, after]);
  return out;
}
