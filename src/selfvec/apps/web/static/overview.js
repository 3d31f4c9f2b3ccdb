// The first view: what changed, and what the text is about.
import { ask, latest } from "./api.js";
import { bdi, h, listed, waiting } from "./dom.js";
import { clean, readable } from "./format.js";
import { filters, link, state } from "./state.js";
import { Topics } from "./topics.js";
import { frequencies, sequences } from "./usage.js";

const NAMED = 5; // subjects of the first sentence

export class Overview {
  constructor(about, overview, alarm) {
    Object.assign(this, { about, overview, alarm });
    this.newest = latest();
    this.changes = h("div");
    this.facts = h("p.facts-of");
    this.subject = h("p.claim", h("span.wait", "Finding what it is about …"));
    this.topics = new Topics(about, true);
    this.topics.drawn = (subjects) => {
      this.subject.replaceChildren(...this.claim(subjects.map(({ name }) => name.split(", ")[0])));
    };
    this.element = h("div.full.overview", [
      h("h2", about.description),
      this.changes,
      this.subject,
      this.facts,
      h("h3", "Subjects"),
      this.topics.element,
      about.has_tokens && h("div.usage", frequencies(), sequences("")),
    ]);
  }

  /** Each part appears when it is there; none waits for another. */
  update() {
    this.topics.update().catch(this.alarm);
    this.newest((signal) => this.tell(signal)).catch(this.alarm);
  }

  /** What changed, as a report says it. */
  async tell(signal) {
    const how = waiting(this.changes, "Comparing", this.changes.children.length);
    const { about, lines, read, missing } = await ask(
      "report",
      { c: state.c, filter: filters() },
      { signal, ...how },
    );
    const told = ([text, style]) => (style === "strong" ? h("b", readable(text)) : readable(text));
    const documents = (search) =>
      search && [" ", h("a", { href: link({ ...search, view: "texts" }) }, "Read the documents")];
    const all = h("a", { href: link({ view: "changes", word: "" }) }, "How the use of words changed");
    this.changes.replaceChildren(
      h("ul.claims", [
        lines.map((line, i) => h("li.claim", line.map(told), documents(read[i]))),
        missing.map((why) => h("li.quiet", why)),
      ]),
      h("p", lines.length > 0 && all),
    );
    this.facts.textContent = about;
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
