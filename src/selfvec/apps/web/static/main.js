// The page shows the state, which is kept in the address.
import { ask } from "./api.js";
import { brush } from "./brush.js";
import { watched } from "./changed.js";
import { documentPage } from "./documents.js";
import { $, bdi, button, h, kept, say, waiting } from "./dom.js";
import { Filters } from "./filters.js";
import { finder } from "./finder.js";
import { many, readable } from "./format.js";
import { Health } from "./health.js";
import { DocumentMap } from "./map.js";
import { Overview } from "./overview.js";
import { Ranking } from "./ranking.js";
import { Search } from "./search.js";
import { go, link, onChange, state } from "./state.js";
import { grid } from "./table.js";
import { Times } from "./times.js";
import { Topics } from "./topics.js";
import { WordPage } from "./word.js";

const VIEWS = ["overview", "changes", "time", "texts", "map", "topics", "health"];
const OTHER = "?"; // the choice of two unlisted ranges of dates
// Of the state, what changes no view or list.
const UNLISTED = new Set(["word", "doc", "at", "near"]);
const KEYS = [
  ["/", "find a word"],
  ["↑ ↓  or  k j", "previous word, next word"],
  ["1 … 9", "the views"],
  ["Esc", "close, or back to the list"],
  ["?", "this help"],
  ["+ − 0", "on the map: zoom in, zoom out, whole map"],
];
const panes = {};
let about, overview, page, ranking, narrowing, check;

function alarm(error) {
  if (error.name === "AbortError") return;
  calm();
  for (const wait of document.querySelectorAll("#pane .wait")) wait.remove(); // it will not come
  $("alert").append(h("p.error", error.message, " ", button("Close", calm)));
}

/** Remove the error. */
const calm = () => $("alert").querySelector(".error")?.remove();

const choose = (word) => go({ word, near: "", doc: "", view: "changes" });

function describe() {
  document.body.classList.toggle("textless", !about.has_documents);
  const size = about.documents ? [many(about.documents, "document")] : [];
  $("about").textContent = [about.description, ...size].join(" · ");
  document.title = `${about.description} – Selfvec`;
  const failed = `This run failed a check (${about.verdicts.join(", ")}), `,
    why = h("a", { href: link({ view: "health" }) }, "See why, and what to do");
  if (about.verdicts.length)
    $("alert").replaceChildren(h("p", failed, "so its results about words are not reliable. ", why));
  const named = ({ key, a, b }) =>
    key === "refined" ? "before → after refining" : `${readable(a)} → ${readable(b)}`;
  const options = about.comparisons.map((one) => h("option", { value: one.key }, named(one)));
  $("comparing").hidden = options.length + about.bars.length < 2;
  $("comparison").replaceChildren(...options);
  if (about.bars.length > 1) $("comparison").append(h("option", { value: OTHER }, "other dates …"));
  $("comparison").addEventListener("change", ({ target: { value } }) => {
    $("ranges").hidden = value !== OTHER;
    if (value !== OTHER) compare(value);
  });
}

/** Compare other parts, and show the word that changed most. */
const compare = (c) => go({ c, word: "", near: "" });

/** Show which comparison is chosen. */
function compared(key) {
  const select = $("comparison"),
    listed = [...select.options].some((option) => option.value === key);
  select.value = listed ? key : OTHER;
  if (about.bars.length < 2) return;
  const names = key.includes("|") ? key.split("|") : about.dates.map((day) => day.slice(0, 4));
  const sides = [
    { name: names[0], label: "Compare", look: "went" },
    { name: names[1], label: "with", look: "came" },
  ];
  $("ranges").replaceChildren(...brush(about.bars, sides, (chosen) => compare(chosen.join("|"))));
  $("ranges").hidden = listed;
}

async function view(name) {
  document.body.dataset.view = name;
  for (const tab of document.querySelectorAll("nav a")) {
    tab.setAttribute("href", link({ view: tab.dataset.view }));
    tab.ariaCurrent = tab.dataset.view === name ? "page" : null;
  }
  panes[name] ??= {
    overview: () => new Overview(about, overview, alarm),
    texts: () => new Search(about, (filter) => narrowing.choose(filter)),
    changes: () => ranking,
    map: () => new DocumentMap(),
    time: () => new Times(about, overview),
    topics: () => new Topics(about),
    health: () => new Health(overview),
  }[name]();
  if ($("pane").firstChild !== panes[name].element) {
    $("pane").replaceChildren(panes[name].element);
    for (const part of [document.documentElement, $("main"), $("pane")]) part.scrollTop = 0;
  }
  narrowing.view(panes[name]).catch(alarm);
  return panes[name].update();
}

/** Show the document or the word beside the view, if there is one. */
async function beside() {
  const { view: name, doc, at } = state,
    reads = name === "texts" || name === "map";
  const wanted = reads ? doc : name === "changes" && (state.word || ranking.first);
  document.body.classList.toggle("chosen", Boolean(reads ? doc : state.word));
  const top = $("main").scrollTop || $("pane").scrollTop; // whichever scrolls, the list stays where it is
  document.body.classList.toggle("alone", !wanted);
  $("main").scrollTop = $("pane").scrollTop = top;
  if (!wanted) return;
  if (reads) {
    if (page.doc === doc + at) return; // it is shown already
    page.word = null;
    page.doc = doc + at;
    waiting($("word"), "Opening the document");
    const shown = await documentPage(doc, at);
    if (page.doc === doc + at) $("word").replaceChildren(shown); // else another was chosen meanwhile
    return;
  }
  page.doc = null;
  ranking.current = wanted;
  ranking.select();
  const found = await page.show(wanted);
  if (!found) return;
  say(found.word);
}

async function update(now, before) {
  if (!VIEWS.includes(now.view) || (now.view === "map" && !about.mapped))
    return go({ view: "overview" }, false);
  calm(); // it belongs to the previous request
  if (before) check();
  const find = $("find");
  if (document.activeElement !== find) find.value = now.view === "texts" ? now.ask : "";
  now.c ||= about.default;
  compared(now.c);
  const changed = (name) => now[name] !== before?.[name];
  const listed = Object.keys(now).some((name) => !UNLISTED.has(name) && changed(name));
  const other = ["word", "c", "view", "doc", "at"].some(changed);
  try {
    if (listed) {
      const shown = view(now.view);
      // A word does not wait for the list, unless the list decides which word it is.
      if (now.view === "changes" && !now.word && ranking.compared !== now.c) {
        if (!page.word) waiting($("word"), "Looking for the word that changed most");
        await shown;
      } else shown?.then(() => now.view === "changes" && page.recheck()).catch(alarm);
    }
    if (before && !other && changed("near")) await page.why();
    else if (other || (listed && !now.word)) await beside();
    if (!listed && changed("doc")) await panes.texts?.update();
  } catch (error) {
    alarm(error);
    if (error.status === 404 && now.word && now.word !== page.word)
      $("word").replaceChildren(
        h("a.back", { href: link({ word: "" }) }, "← All words"),
        h("h2.word", bdi(now.word)),
      );
  }
  return undefined;
}

/** Ask anew for all that is shown. */
async function renew() {
  ranking.compared = null; // nothing is left of the state before
  for (const name of Object.keys(panes)) if (name !== "changes") delete panes[name];
  await update(state, null);
}

function keyed(event) {
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.target.closest?.("input, select, textarea, dialog")
  )
    return;
  const keys = {
    "/": () => $("find").focus(),
    "?": () => $("keys").showModal(),
    ...(state.view === "changes" && { ArrowDown: () => ranking.step(1), ArrowUp: () => ranking.step(-1) }),
    j: () => ranking.step(1),
    k: () => ranking.step(-1),
    Escape: () => go(state.near ? { near: "" } : state.doc ? { doc: "", at: "" } : { word: "" }),
    ...Object.fromEntries(VIEWS.map((name, i) => [String(i + 1), () => go({ view: name })])),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}

function theme() {
  const { dataset } = document.documentElement,
    system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  dataset.theme = (dataset.theme ?? system) === "dark" ? "light" : "dark";
  kept("selfvec-theme", dataset.theme);
  panes.map?.points.draw();
}

async function begin() {
  $("theme").addEventListener("click", theme);
  $("help").addEventListener("click", () => $("keys").showModal());
  $("skip").addEventListener("click", () => $("main").focus());
  $("keys").append(
    h("h2", { id: "keys-title" }, "Help"),
    h("p", [
      "Selfvec adapted word vectors to your text. This page shows the words whose neighbours changed, ",
      "and sentences that explain why.",
    ]),
    grid(
      [["key"], ["does"]],
      KEYS.map(([key, meaning]) => [h("kbd", key), meaning]),
    ),
    h("p", h("a", { href: "api.html" }, "The same answers for programs")),
    button("Close", () => $("keys").close()),
  );
  addEventListener("keydown", keyed);
  try {
    [about, overview] = await Promise.all([ask("about"), ask("overview")]);
  } catch (error) {
    alarm(error);
    return;
  }
  about.mapped = about.has_documents;
  finder(choose, about.has_documents && ((ask) => go({ view: "texts", ask, doc: "", at: "" })));
  describe();
  narrowing = new Filters($("filters"), about);
  ranking = new Ranking();
  page = new WordPage($("word"), about);
  check = watched(about, renew);
  onChange(update);
  await update(state, null);
  document.body.dataset.ready = "yes";
}

begin();
