// Sentences from the text, with their places.
import { bdi, h } from "./dom.js";
import { clean, count, direction } from "./format.js";

/** A list of sentences with marked words. */
export function quotes(uses) {
  if (!uses.length) return h("p", { class: "wait" }, "No sentence to show.");
  return h("ul", { class: "quotes" }, uses.map((use) => h("li", {},
    h("q", { dir: direction(use.tokens.map(([word]) => word).join(" ")) }, use.cut[0] ? "… " : "", use.tokens.map(([word, mark], i) => [i && !use.written ? " " : "", mark ? h("mark", { class: mark }, bdi(word)) : use.written ? clean(word) : bdi(word)]), use.cut[1] ? " …" : ""),
    h("span", { class: "place" }, [use.date, use.slice, use.id === undefined ? `document ${count(use.document + 1)}` : clean(use.id)].filter(Boolean).join(" · ")))));
}
