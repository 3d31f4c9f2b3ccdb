// Shown until the first comparison is computed: facts about the text.
import { bars } from "./chart.js";
import { bdi, h } from "./dom.js";
import { count } from "./format.js";
import { link } from "./state.js";

/** The most frequent words, as a list of links. */
export const frequent = (overview) => overview.words.map(([word, times]) =>
  h("li", {}, h("a", { href: link({ word, near: "" }), "data-word": word },
    h("span", { class: "head" }, bdi(word, { class: "w" }), h("span", { class: "times" }, `${count(times)}×`)))));

/** The text in figures, and links. */
export function overviewPage(about, overview) {
  const facts = [["documents", about.documents], ["words of text", about.tokens], ["different words", about.types]];
  return h("div", {},
    h("h2", { class: "word" }, about.description),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, count(value))))),
    overview.time.length > 1 ? bars(overview.time, "Documents") : null,
    h("h3", {}, "Meanwhile"),
    h("ul", { class: "plainlist" },
      about.has_text ? h("li", {}, h("a", { href: link({ view: "texts" }) }, "Search"), " the documents") : null,
      h("li", {}, h("a", { href: link({ view: "health" }) }, "Read"), " whether the vectors can be relied on"),
      h("li", {}, "Choose one of the most frequent words in the list")));
}
