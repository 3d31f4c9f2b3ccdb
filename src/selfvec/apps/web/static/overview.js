// The first view: what the text is about, how that changes, and its map.
import { bdi, h, listed } from "./dom.js";
import { clean, count, many, share } from "./format.js";
import { DocumentMap } from "./map.js";
import { go } from "./state.js";
import { Topics } from "./topics.js";
import { frequencies, sequences } from "./usage.js";

const NAMED = 5; // subjects of the first sentence

export class Overview {
  constructor(about, overview, alarm) {
    Object.assign(this, { about, overview, alarm });
    this.subject = h("p.claim", h("span.wait", "Finding what it is about …"));
    this.topics = new Topics(about, true);
    this.topics.drawn = ({ subjects }) => {
      this.subject.replaceChildren(...this.claim(subjects.map(({ name }) => name.split(", ")[0])));
      if (about.mapped) looks.observe(this.map.element);
    };
    this.map = new DocumentMap({ colour: "subject", mark: "", only: "" });
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
      h("p.facts-of", facts(about, overview)),
      about.has_documents &&
        h("form.asking", { role: "search", "aria-label": "Documents", onsubmit: asked }, [
          input,
          h("button", { type: "submit" }, "Search"),
        ]),
      h("h3", "Subjects"),
      this.topics.element,
      about.mapped && [h("h3", "The documents by subject"), this.map.element],
      about.has_tokens && h("div.usage", frequencies(), sequences("")),
    ]);
    // A map takes long for a large text: it is arranged when somebody looks at it.
    const looks = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting || this.looked) return;
      this.looked = true;
      this.map.update().catch(alarm);
    });
  }

  /** Each part appears when it is there; none waits for another. */
  update() {
    for (const part of [this.topics, ...(this.looked ? [this.map] : [])]) part.update().catch(this.alarm);
  }

  /** What the text is mostly about, in a sentence. */
  claim(subjects) {
    const words = subjects.length ? subjects : this.overview.words.map(([word]) => word);
    const names = listed(words.slice(0, NAMED).map((name) => h("b", bdi(clean(name)))));
    return words.length
      ? [subjects.length ? "It is mostly about " : "Its most frequent words are ", ...names, "."]
      : [];
  }
}

/** What the text is, and what refining gained, in plain words. */
function facts(about, { gain }) {
  const [first, last] = about.dates ?? [],
    years =
      first &&
      (first.slice(0, 4) === last.slice(0, 4) ? [first, last] : [first.slice(0, 4), last.slice(0, 4)]);
  const text = [
    about.documents
      ? `${many(about.documents, "document")} with ${count(about.tokens)} words`
      : `${count(about.types)} different words`,
    years && `from ${years[0]} to ${years[1]}`,
  ]
    .filter(Boolean)
    .join(" ");
  if (about.method === "original") return `${text}; the initial vectors fit it best and were kept.`;
  return gain && gain.after > gain.before
    ? `${text}; refining helped: the two halves of a document now match better than ` +
        `${share(gain.after)} of mismatched halves (before: ${share(gain.before)}).`
    : `${text}; the vectors were adapted to it.`;
}
