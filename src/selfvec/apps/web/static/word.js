// One word: its neighbours before and after, sentences that show the change, and a map of its path.
import { ask, charted, latest } from "./api.js";
import { bdi, h, listed, still } from "./dom.js";
import { SOURCES, count, figure, interval, many, probability, readable, share } from "./format.js";
import { WordMap } from "./map.js";
import { quotes } from "./documents.js";
import { go, link, state } from "./state.js";
import { toWord } from "./table.js";
import { wordChart } from "./times.js";
import { collocates, concordance, dispersion, sequences } from "./usage.js";

export class WordPage {
  constructor(element, about, choose) {
    this.element = element;
    this.about = about;
    this.newest = latest();
    this.map = new WordMap(choose, "Map of the word and its neighbours; the lists above have the same words");
  }

  /** Show a word; the sentences and the map are loaded afterwards. */
  async show(word) {
    const { c } = state;
    return this.newest(async (signal) => {
      const asked = { w: word, c };
      const progress = (done) => {
        if (!this.word)
          this.element.replaceChildren(
            h("h2", { class: "word" }, bdi(word)),
            h("p", { class: "wait" }, `Comparing all words: ${share(done)} done.`),
          );
      };
      const found = await ask("word", asked, { signal, progress: state.word ? progress : undefined });
      asked.w = found.word; // it may have been typed with signs around it
      this.paint(found);
      await Promise.all([
        this.sentences(found, asked, signal),
        this.draw(found, asked, signal),
        this.course(found, signal),
      ]);
      return found;
    });
  }

  /** The figures again, now that the tests are done. */
  async recheck() {
    const { word } = this;
    if (!word) return;
    const found = await ask("word", { w: word, c: state.c });
    if (word !== this.word) return;
    const list = this.facts(found);
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
    this.word = word;
    this.texts = h("div", { class: "texts" }, h("p", { class: "wait" }, "Looking for sentences …"));
    this.mapSlot = h("div", {}, this.map.element);
    this.time = h("div", {});
    this.list = this.facts(found);
    this.element.replaceChildren(
      h("a", { class: "back", href: link({ word: "", near: "" }) }, "← All words"),
      h(
        "h2",
        { class: "word" },
        bdi(word),
        " ",
        h(
          "a",
          {
            class: "anchor",
            href: link({ word }),
            title: "Link to this word",
            "aria-label": "Link to this word",
          },
          "#",
        ),
      ),
      this.claim(found),
      this.list,
      h("h3", {}, "Neighbours"),
      this.neighbours(found),
      h("h3", {}, "In the text"),
      this.texts,
      this.usage(found),
      this.time,
      h("h3", {}, "How it moved"),
      h(
        "p",
        { class: "legend" },
        h("span", { class: "self" }, "● the word"),
        h("span", { class: "went" }, "○ lost neighbour"),
        h("span", { class: "came" }, "■ new neighbour"),
        h("span", { class: "stayed" }, "● kept neighbour"),
      ),
      this.mapSlot,
    );
  }

  claim(found) {
    const [before, after] = found.names,
      refined = before === "original";
    const some = (words, mark) => listed(words.slice(0, 4).map((word) => toWord(word, mark)));
    const own = h("b", {}, bdi(found.word));
    if (!found.before.length && !found.after.length)
      return h("p", { class: "claim" }, own, " has no vector, before or after.");
    if (!found.before.length)
      return h(
        "p",
        { class: "claim" },
        own,
        " had no vector; now it is near ",
        some(
          found.after.map(([word]) => word),
          "came",
        ),
        ".",
      );
    if (!found.gained.length) return h("p", { class: "claim" }, own, " kept its ten nearest neighbours.");
    return refined
      ? h(
          "p",
          { class: "claim" },
          "Before refining, ",
          own,
          " was near ",
          some(found.lost, "went"),
          found.source === "subwords"
            ? ", words of similar spelling, because the initial vectors lack it"
            : "",
          ". In your text it is near ",
          some(found.gained, "came"),
          ".",
        )
      : h(
          "p",
          { class: "claim" },
          `In ${readable(before)} `,
          own,
          " was near ",
          some(found.lost, "went"),
          `; in ${readable(after)} it is near `,
          some(found.gained, "came"),
          ".",
        );
  }

  facts(found) {
    const { change } = found,
      refined = found.names[0] === "original";
    const out = [];
    const fact = (name, ...value) => out.push(h("div", {}, h("dt", {}, name), h("dd", {}, ...value)));
    if (change && change.count_a !== change.count_b)
      fact("occurrences", `${count(change.count_a)}, then ${count(change.count_b)}`);
    else fact("occurrences", count(found.count));
    if (change) {
      fact(
        "change",
        h("b", {}, figure(change.change)),
        !interval(change) ? "" : `; 95 %: ${interval(change)}`,
        found.rank === null ? "" : `, number ${count(found.rank)} of ${count(found.ranked)}`,
      );
      if (change.distance !== null)
        fact(
          "distance moved",
          figure(change.distance),
          !change.chance ? "" : `; by chance ${figure(change.chance)}`,
        );
      if (change.mark) fact("kind", change.mark);
      if (change.q !== null) {
        const sure = change.q <= 0.05;
        const agree = refined
          ? sure
            ? "its documents agree"
            : "its documents disagree"
          : sure
            ? "significant"
            : "may be chance";
        fact(
          "significance",
          h("b", { class: sure ? "yes" : "no" }, agree),
          ` (q ${change.q < 0.001 ? "" : "= "}${probability(change.q)})`,
        );
      }
    } else if (found.tested && found.source !== "known" && refined) {
      fact("change", "unknown: the initial vectors lack the word");
    } else fact("change", found.tested ? "not compared: too rare" : "being compared …");
    if (refined && found.source !== "known")
      fact(
        "its vector",
        `at first based on ${SOURCES[found.source]}`,
        found.source_after === found.source ? "" : `; now on ${SOURCES[found.source_after]}`,
      );
    return h("dl", { class: "facts" }, out);
  }

  neighbours(found) {
    const came = new Set(found.gained),
      went = new Set(found.lost);
    const side = (name, near, mark, changed, sign) =>
      h(
        "div",
        {},
        h("h4", {}, name),
        near.length === 0
          ? h("p", { class: "wait" }, "no vector")
          : h(
              "ol",
              { class: "near" },
              near.map(([word, cosine]) => {
                const marked = changed.has(word);
                const bar = h("span", { class: "bar" }, h("span", {}));
                bar.firstChild.style.width = `${Math.round(Math.max(0, cosine) * 100)}%`;
                return h(
                  "li",
                  { class: marked ? mark : "" },
                  h("span", { class: "sign", "aria-hidden": "true" }, marked ? sign : ""),
                  toWord(word),
                  marked && h("span", { class: "hidden" }, mark === "came" ? " (gained)" : " (lost)"),
                  bar,
                  h("span", { class: "num" }, figure(cosine)),
                  mark === "came" && this.about.has_tokens
                    ? h(
                        "button",
                        {
                          type: "button",
                          class: "ask",
                          "aria-label": `why? Where ${word} occurs near ${found.word}`,
                          onclick: () => {
                            go({ near: word }, false);
                          },
                        },
                        "why?",
                      )
                    : null,
                );
              }),
            ),
      );
    return h(
      "div",
      { class: "sides" },
      side(
        found.names[0] === "original" ? "Before" : readable(found.names[0]),
        found.before,
        "went",
        went,
        "−",
      ),
      side(found.names[1] === "refined" ? "After" : readable(found.names[1]), found.after, "came", came, "+"),
    );
  }

  /** Lists that are made when they are opened; a saved page has none. */
  usage({ word, names }) {
    if (!this.about.has_tokens || this.about.kept) return "";
    const parts = names[0] === "original" ? [""] : names;
    return h(
      "div",
      { class: "usage" },
      collocates(word, parts),
      concordance(word, this.about, parts),
      sequences(word),
      dispersion(word),
    );
  }

  async draw(found, asked, signal) {
    if (!found.before.length && !found.after.length) {
      this.mapSlot.replaceChildren(
        h("p", { class: "wait" }, "The word has no vector, so it is not on a map."),
      );
      return;
    }
    const [described, places] = await charted(asked, signal);
    clearTimeout(this.again);
    if (!described.whole)
      this.again = setTimeout(() => {
        if (this.word === found.word) this.draw(found, asked, signal).catch(() => {});
      }, 1500);
    this.map.load(described, places);
    this.map.mark(new Map(described.words.map((word, i) => [word, described.marks[i]])));
  }

  /** How often the word occurs over time. */
  async course(found, signal) {
    const course = await ask("time", { w: found.word }, { signal });
    if (course.time.length < 2) return;
    this.time.replaceChildren(
      h("h3", {}, "Over time"),
      h(
        "p",
        { class: "lead" },
        h("a", { href: link({ view: "time", words: found.word }) }, "With other words, by year or decade"),
      ),
      wordChart([course], 1, this.time.clientWidth),
    );
  }

  async sentences(found, asked, signal) {
    if (!this.about.has_tokens) {
      this.texts.replaceChildren(
        h("p", { class: "wait" }, "The run did not keep its text, so there are no sentences to show."),
      );
      return;
    }
    if (state.near) {
      await this.together(found.word, state.near, signal);
      return;
    }
    const answer = await ask("uses", { ...asked, n: 5 }, { signal });
    const one = answer.texts.length === 1;
    this.texts.replaceChildren(
      this.note(answer.texts.some((text) => text.uses.some((use) => use.written))),
      h(
        "div",
        { class: one ? "" : "sides" },
        answer.texts.map((text) =>
          h("section", {}, one ? null : h("h4", {}, readable(text.name)), quotes(text.uses)),
        ),
      ),
    );
  }

  async together(word, other, signal) {
    const found = await ask("together", { w: word, other, n: 6 }, { signal });
    const times = many(found.together, "time");
    const both = [h("b", {}, bdi(word)), " and ", h("b", {}, bdi(other))];
    const shared = found.shared.length
      ? ["Words that occur near both: ", listed(found.shared.map((near) => toWord(near))), "."]
      : [];
    this.texts.replaceChildren(
      h(
        "p",
        { class: "claim" },
        "Why ",
        both,
        "? ",
        found.together
          ? `They occur within eight words of each other ${times} of ${count(found.of)}. `
          : "They never occur close together. ",
        found.together || !shared.length ? "" : "They are near because they occur with the same words. ",
        shared,
      ),
      h("p", {}, h("a", { href: link({ near: "" }) }, "← Other sentences")),
      quotes(found.uses),
    );
  }

  note(written) {
    const left = this.about.left_out.length ? `, without ${this.about.left_out.join(" and ")}` : "";
    return h(
      "p",
      { class: "lead" },
      "Sentences that best show the change",
      written ? "." : `, rebuilt from the tokens that the run kept${left}.`,
    );
  }
}
