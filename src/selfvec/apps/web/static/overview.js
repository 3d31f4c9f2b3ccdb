// The first view: what the text is about, and what refining taught about it.
import { ask, latest } from "./api.js";
import { Atlas } from "./atlas.js";
import { bdi, h, listed } from "./dom.js";
import { clean, count, many, share } from "./format.js";
import { go } from "./state.js";
import { toWord } from "./table.js";
import { topicCharts } from "./times.js";
import { frequencies, sequences } from "./usage.js";

const NAMED = 5; // subjects of the first sentence
const FIELDS = 4; // fields of the first sentence
const TOPICS = 8; // topics over time

export class Overview {
  constructor(choose, about, overview, alarm) {
    this.newest = latest();
    Object.assign(this, { about, alarm });
    this.subject = h("p.claim");
    this.words = h("ul.domain");
    this.topics = h("div");
    this.of = about.has_documents && !about.kept ? "documents" : "words";
    this.atlas = new Atlas(choose, about, alarm, {
      of: this.of,
      layout: "pacmap",
      colour: "topic",
      mark: "",
      only: "",
    });
    const input = h("input", {
      type: "search",
      dir: "auto",
      "aria-label": "Search the documents",
      placeholder: "Search the documents: a few words, or a question",
      maxlength: 500,
    });
    const asked = (event) => {
      event.preventDefault();
      go({ view: "texts", ask: input.value.trim() });
    };
    this.element = h("div.full.overview", [
      h("h2", about.description),
      this.subject,
      h("p.claim", facts(about, overview)),
      about.has_documents
        ? h("form.asking", { role: "search", "aria-label": "Documents", onsubmit: asked }, [
            input,
            h("button", { type: "submit" }, "Search"),
          ])
        : null,
      about.kept
        ? h("p.lead", [
            "This file holds the words that changed most, the most frequent ones and those below",
            about.has_documents
              ? ", and the documents, which are found by their words. Search by meaning, unknown words"
              : ". Search, documents, unknown words",
            " and other comparisons need ",
            h("code", "selfvec serve"),
            ".",
          ])
        : null,
      h("h3", "Words of this text, and what it taught about them"),
      this.words,
      h("h3", this.of === "documents" ? "The documents by topic" : "The words by topic"),
      this.atlas.element,
      h("h3", "Topics over time"),
      this.topics,
      about.has_tokens && !about.kept ? h("div.usage", frequencies(), sequences("")) : null,
    ]);
  }

  /** Each part appears when it is there; none waits for another. */
  update() {
    this.newest(async (signal) => {
      const parts = [
        this.teach(signal),
        this.atlas.update(),
        topicCharts(this.topics, signal, {}, { most: TOPICS, of: this.of }),
      ];
      await Promise.all(parts.map((part) => part.catch(this.alarm)));
    });
  }

  async teach(signal) {
    const progress = (done) =>
      this.words.replaceChildren(h("li.wait", `Finding the words of this text: ${share(done)} done.`));
    const { words, subjects } = await ask("domain", {}, { signal, progress });
    const to = (word) => toWord(word, "", { view: "changes" });
    const named = subjects.length
      ? subjects.map((name) => h("b", bdi(clean(name))))
      : words.map(({ word }) => to(word));
    this.subject.replaceChildren(
      ...(named.length ? ["It is mostly about ", ...listed(named.slice(0, NAMED)), "."] : []),
    );
    this.words.replaceChildren(
      ...words.map((row) =>
        h("li", [
          h("h4", to(row.word), " ", h("span.times", `${count(row.count)}×`)),
          h("p", [
            "here near ",
            listed(
              row.after.map((word) =>
                h("span", { class: row.gained.includes(word) ? "came" : "" }, bdi(word)),
              ),
            ),
          ]),
          row.before.length && !row.subwords
            ? h("p.quiet", "before, near ", listed(row.before.slice(0, 3).map((word) => bdi(word))))
            : null,
        ]),
      ),
    );
    if (!words.length) this.words.replaceChildren(h("li.wait", "The text has too few words to tell."));
  }
}

/** What the text is, and what refining gained, in plain words. */
function facts(about, overview) {
  const [first, last] = about.dates ?? [],
    years =
      first &&
      (first.slice(0, 4) === last.slice(0, 4) ? [first, last] : [first.slice(0, 4), last.slice(0, 4)]);
  const more = overview.fields.length - FIELDS;
  const fields = overview.fields.slice(0, FIELDS).map(({ name, type, empty, examples }) => {
    const lacking = empty ? `; ${many(empty, "document")} without` : "";
    return h("span", { title: `such as ${examples.join(", ")}${lacking}` }, bdi(clean(name)), ` (${type})`);
  });
  if (more > 0) fields.push(`${more} more`);
  const text = [
    about.documents
      ? `${many(about.documents, "document")} with ${count(about.tokens)} words`
      : `${count(about.types)} different words`,
    years && `from ${years[0]} to ${years[1]}`,
  ]
    .filter(Boolean)
    .join(" ");
  const named = fields.length
    ? [", with the field", fields.length > 1 ? "s " : " ", listed(fields)]
    : [];
  const { gain } = overview;
  const gained =
    about.method === "original"
      ? ["; the initial vectors fit it best and were kept."]
      : gain && gain.after > gain.before
        ? [
            "; refining helped: the two halves of a document now match better than ",
            `${share(gain.after)} of mismatched halves (before: ${share(gain.before)}).`,
          ]
        : ["; the vectors were adapted to it."];
  return [text, ...named, ...gained];
}
