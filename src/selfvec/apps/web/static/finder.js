// The search box of all views: words while they are typed, and questions to the documents. In the search it
// has the question, which comes before words.
import { ask, latest } from "./api.js";
import { $, bdi, h, say } from "./dom.js";
import { count } from "./format.js";
import { state } from "./state.js";

/** ``choose`` gets a word; ``search``, if there are documents, a question. */
export function finder(choose, search) {
  const input = $("find"),
    list = $("found"),
    newest = latest();
  let words = [],
    active = -1,
    shownFor = "";

  function show(found, typed = "", at = found.length ? 0 : -1) {
    [words, shownFor, active] = [found, typed, at];
    const option = ([word, times], i) => {
      const chosen = (event) => {
        event.preventDefault();
        take(word, times);
      };
      const look = {
        role: "option",
        id: `found-${i}`,
        "aria-selected": String(i === at),
        onmousedown: chosen,
      };
      return times === undefined
        ? h("li", look, h("span", "Search the documents for ", bdi(word)))
        : h("li", look, bdi(word), h("span.times", count(times)));
    };
    list.replaceChildren(...found.map(option));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.setAttribute("aria-activedescendant", at < 0 ? "" : `found-${at}`);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function take(word, times) {
    show([]);
    input.value = "";
    input.blur();
    (times === undefined && search ? search : choose)(word);
  }

  /** Shows the words that begin with a text or contain it; a word that is the text comes first. */
  const suggest = (typed) =>
    newest(async (signal) => {
      const { words: known } = typed ? await ask("complete", { q: typed, n: 8 }, { signal }) : { words: [] };
      const question = search && typed ? [[typed]] : [];
      const found = state.view === "texts" ? [...question, ...known] : [...known, ...question];
      show(found, typed);
      if (typed) say(known.length ? `${known.length} words` : `no word contains ${typed}`);
      return found;
    });

  input.addEventListener("input", () => {
    if (!input.value && state.ask && state.view === "texts") search("");
    suggest(input.value.trim()).catch(() => show([]));
  });
  input.addEventListener("keydown", (event) => {
    const typed = input.value.trim();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : words.length - 1;
      if (words.length) show(words, shownFor, (active + step) % words.length);
    } else if (event.key === "Enter" && typed) {
      if (active >= 0 && shownFor === typed) take(...words[active]);
      else
        suggest(typed) // typed faster than answered
          .then((found) => found && take(...(found[0] ?? [typed])))
          .catch(() => take(typed));
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (list.hidden) input.blur();
      input.value = "";
      show([]);
    }
  });
  input.addEventListener("blur", () => show([]));
}
