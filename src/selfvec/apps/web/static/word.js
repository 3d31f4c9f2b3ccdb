// One word: its neighbours before and after, and sentences that show the change.
import { ask, latest } from "./api.js";
import { bar, bdi, button, facts, h, listed, still } from "./dom.js";
import { SOURCES, count, figure, many, readable } from "./format.js";
import { quotes } from "./documents.js";
import { go, link, state } from "./state.js";
import { commas, named, toWord } from "./table.js";
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
      const found = await ask("word", asked, { signal });
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
    const list = measured(found);
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
    this.list = measured(found);
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
    const side = (name, near, others, mark, sign) =>
      h("div", [
        h("h4", name),
        near.length === 0
          ? h("p.wait", "no vector")
          : h("ol.near", [
              near.map(([word, cosine]) => item(mark, sign, only([[word]], others).length > 0, word, cosine)),
            ]),
      ]);
    return h("div", [
      h("div.sides", [
        side("Before", found.before, found.after, "went", "−"),
        side("After", found.after, found.before, "came", "+"),
      ]),
      found.notes.map((note) => h("p.quiet", note)),
    ]);
  }

  /** Lists that are made when they are opened. */
  usage({ word }) {
    if (!this.about.has_tokens) return [];
    const parts = state.c === "refined" ? [""] : state.c.split("|");
    return [h("div.usage", collocates(word, parts), concordance(word, this.about, parts))];
  }

  /** How often the word occurs over time. */
  async course(found, signal) {
    const course = await ask("time", { w: found.word, c: state.c }, { signal });
    if (course.time.length < 2) return;
    this.time.replaceChildren(
      h("h3", "Over time"),
      h("p.lead", [
        h("a", { href: link({ view: "time", words: found.word }) }, "With other words, by year or decade"),
      ]),
      wordChart([course], this.time.clientWidth),
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
      ? `They occur within eight words of each other ${times}.`
      : "They never occur close together.";
    this.texts.replaceChildren(
      h("p.claim", "Why ", h("b", bdi(word)), " and ", h("b", bdi(other)), "? ", how),
      h("p", h("a", { href: link({ near: "" }) }, "← Other sentences")),
      quotes(found.uses),
    );
  }
}

/** The words of a list that another lacks. */
const only = (near, others) =>
  near.map(([word]) => word).filter((word) => !others.some(([other]) => other === word));

/** How the neighbours changed by refining, in a sentence. */
function claim({ word, before, after, source }) {
  const some = (near, mark) => listed(near.slice(0, 4).map((other) => toWord(other, mark)));
  const own = h("b", bdi(word)),
    gained = only(after, before);
  if (!before.length && !after.length) return h("p.claim", own, " has no vector, before or after.");
  if (!before.length) return h("p.claim", own, " had no vector; now it is near ", some(gained, "came"), ".");
  if (!gained.length) return h("p.claim", own, " kept its nearest neighbours.");
  const spelled =
    source === "subwords" ? ", words of similar spelling, because the initial vectors lack it" : "";
  const was = ["Before refining, ", own, " was near ", some(only(before, after), "went"), spelled];
  return h("p.claim", was, ". In your text it is near ", some(gained, "came"), ".");
}

/** What is measured of a word: its row of drift by its columns, and the neighbours it gained and lost. */
function measured({ change, columns, count: times, source, source_after: now, tested }) {
  const near = (words, mark, sign) =>
    words.length > 0 && h("span", { class: mark }, `${sign} `, commas(words.slice(0, 5)), " ");
  const lacked = source !== "known" && [
    ["its vector", `at first based on ${SOURCES[source]}`, now === source ? "" : `; now on ${SOURCES[now]}`],
  ];
  const why = tested ? "not among the words that are compared" : "being compared …";
  const drifted = change ? named(columns, change) : [["change", why]];
  return h("div", [
    facts([["occurrences", count(times)], ...drifted, ...(lacked || [])]),
    change && h("p", near(change.gained, "came", "+"), near(change.lost, "went", "−")),
  ]);
}
