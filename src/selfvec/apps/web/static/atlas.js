// The map of all words or documents: two layouts, colours with names, and a lasso.
import { ask, askMap, latest } from "./api.js";
import { toDocument } from "./documents.js";
import { bdi, button, download, h, say, waiting } from "./dom.js";
import { clean, count, direction, many, readable, share } from "./format.js";
import { Fields } from "./list.js";
import { WordMap } from "./map.js";
import { filters, go, state } from "./state.js";
import { toWord } from "./table.js";

const LISTED = 200; // of a selection
const HITS = 100; // documents that a search marks
const LAYOUTS = { pacmap: "by neighbourhood (PaCMAP)", pca: "by direction (PCA)" };

/** The map, the names of its colours, and what was selected on it. */
export class Atlas {
  /** ``fixed`` is the part of the state that a map outside its own view has. */
  constructor(choose, about, alarm, fixed = {}) {
    this.newest = latest();
    this.fixed = fixed;
    this.about = about;
    this.alarm = alarm;
    this.choose = choose;
    this.lead = h("p.lead");
    this.map = new WordMap(
      (word, i) => this.pick(word, i),
      "Map of all words; the names of colours below select words, and list them as text",
    );
    this.map.selected = (places) => this.select(places, "in the outline");
    const shown = { words: "words", ...(about.has_documents && !about.kept && { documents: "documents" }) };
    const declared = {
      of: { label: "show", options: shown },
      layout: { label: "arranged", options: LAYOUTS },
      colour: { label: "coloured by", options: { topic: "topic" } },
      mark: { label: "highlight", maxlength: 500 },
    };
    this.fields = new Fields(declared, (changes) =>
      go({ ...changes, ...((changes.of || changes.colour) && { only: "" }) }, false),
    );
    this.lasso = button("Select", () => this.draws(!this.map.lasso), {
      "aria-pressed": "false",
      title: "Draw an outline around points",
    });
    this.legend = h("div.colours", { role: "group", "aria-label": "Colours" });
    this.selection = h("section.selection", { "aria-label": "Selected", hidden: true });
    this.map.tools.append(this.lasso);
    this.element = h("div.atlas", [
      h("h2.hidden", "Map"),
      this.lead,
      this.map.element,
      this.legend,
      this.selection,
    ]);
  }

  get state() {
    return { ...state, ...this.fixed };
  }

  async update() {
    const { c, of, layout } = this.state,
      asked = { c, of, layout },
      key = [c, of, layout].join();
    this.fields.show({ ...this.state, colour: this.colour?.name ?? "topic" });
    await this.newest(async (signal) => {
      if (this.key !== key) await this.load(asked, signal);
      this.key = key;
      const filter = filters(),
        passing = filter.length && (await ask("map/passing", { ...asked, filter }, { signal }));
      this.map.passing = passing ? new Set(passing.places) : null;
      this.paint();
      await this.highlight(signal);
    });
  }

  async load(asked, signal) {
    this.key = "";
    try {
      await this.show(asked, { signal, ...waiting(this.map.cover, `Arranging the ${asked.of}`) });
    } finally {
      if (!signal.aborted) this.map.cover.replaceChildren();
    }
    const { colours } = await ask("map/colours", asked, { signal });
    this.colours = colours;
    this.fields.choices("colour", Object.fromEntries(colours.map(({ name }) => [name, name])));
  }

  /** Mark what a search finds: words that contain a text, or the best documents for it. */
  async highlight(signal) {
    const asked = this.state.mark.trim(),
      { words, ids } = this.described;
    let places = [];
    if (asked && ids) {
      const { rows } = await ask("search", { query: asked, mode: this.state.mode, top: HITS }, { signal });
      const place = new Map(ids.map((id, i) => [id, i]));
      places = rows
        .flatMap(({ id, alike }) => [id, ...alike])
        .map((id) => place.get(id))
        .filter((i) => i !== undefined);
    } else if (asked)
      places = [...words.keys()].filter((i) => words[i].toLowerCase().includes(asked.toLowerCase()));
    const before = this.map.hits.size;
    this.map.hits = new Set(places);
    this.map.draw();
    if (asked || before) this.select(places, ids ? `that are best for “${asked}”` : `with “${asked}”`);
  }

  async show(asked, asking) {
    const [described, places] = await askMap(asked, asking);
    if (!described.whole)
      setTimeout(() => {
        this.key = ""; // the states between are there soon
        this.update().catch(this.alarm);
      }, 2000);
    this.described = described;
    this.map.colour(null);
    this.map.load({ ...described, layout: asked.layout }, places);
    this.selection.hidden = true;
    const shown = described.words.length,
      { documents: all = shown } = described;
    const noun = asked.of.slice(0, -1),
      what = shown < all ? `${count(shown)} of ${many(all, noun)}` : many(shown, noun);
    const [across, up] = described.explained ?? [];
    const how = described.explained
      ? `on one plane, which shows ${share(across + up)} of their variance: ` +
        "far apart means dissimilar; close does not always mean similar"
      : "arranged so that neighbours stay together: near means similar, far distances mean little";
    const without = asked.of === "words" ? "Stop words and numbers are left out. " : "";
    this.lead.textContent = `${what} ${how}. ${without}Click one to read about it.`;
  }

  /** The chosen colour, and the names of its values. */
  paint() {
    const chosen = this.colours?.find(({ name }) => name === this.state.colour) ?? this.colours?.[0];
    if (!chosen || chosen.values.length === 0) {
      this.legend.replaceChildren();
      this.map.colour(null);
      return;
    }
    this.colour = chosen;
    this.fields.inputs.colour.value = chosen.name;
    this.map.colour(chosen);
    const sizes = chosen.values.map(() => 0);
    chosen.codes.forEach((code, i) => {
      if (code in sizes && this.map.passes(i)) sizes[code]++;
    });
    const named = (code) => {
      const value = chosen.values[code],
        only = this.state.only === value ? "" : value; // a second click shows all points again
      const style = { background: this.map.shade(code) };
      const content = [h("span.swatch", { "aria-hidden": "true", style }), bdi(readable(value))];
      const choose = () => go({ view: "map", of: this.state.of, colour: chosen.name, only });
      return button([content, ` ${count(sizes[code])}`], choose, { "aria-pressed": String(!only) });
    };
    this.legend.replaceChildren(...[...sizes.keys()].filter((code) => sizes[code]).map(named));
    this.single(chosen);
  }

  /** Show the points of one value of a colour only, as the address says, and list them. */
  single({ values, codes }) {
    const { only } = this.state,
      code = values.indexOf(only);
    this.map.only = code < 0 ? null : code;
    const key = [only, ...filters()].join();
    if (key === this.listed || (code < 0 && !this.listed)) return;
    this.listed = code < 0 ? "" : key;
    this.map.outline = null;
    const own = [...codes.keys()].filter((i) => code >= 0 && codes[i] === code && this.map.passes(i));
    this.select(own, `of ${readable(only)}`);
  }

  /** Clear the selection. */
  clear() {
    this.map.outline = null;
    this.map.only = null;
    this.selection.hidden = true;
    go({ mark: "", only: "" }, false);
    this.map.draw();
  }

  /** The selection as a file: each point, and its value of each colour. */
  save(places) {
    const { words, ids } = this.described,
      colours = this.colours ?? [];
    const row = (i) => [
      ...(ids ? [ids[i]] : []),
      words[i],
      ...colours.map(({ values, codes }) => values[codes[i]] ?? ""),
    ];
    download(ids ? "documents.csv" : "words.csv", [
      [...(ids ? ["id", "text"] : ["word"]), ...colours.map(({ name }) => name)],
      ...places.map(row),
    ]);
  }

  draws(on) {
    this.map.lasso = on;
    this.lasso.setAttribute("aria-pressed", String(on));
    if (on) say("Draw an outline around the points to select");
  }

  select(places, why) {
    this.draws(false);
    this.selection.hidden = places.length === 0 && !this.map.outline && !this.state.mark;
    const { words, ids } = this.described,
      shown = places.slice(0, LISTED);
    const one = (i) =>
      ids
        ? h("li", { dir: direction(words[i]) }, toDocument(ids[i], clean(words[i]) || ids[i]))
        : h("li", toWord(words[i], "", { view: "map" }));
    this.selection.replaceChildren(
      h("div.head", [
        h("h3", `${many(places.length, ids ? "document" : "word")} ${why}`),
        button("Save as CSV", () => this.save(places), { disabled: places.length === 0 }),
        button("Clear", () => this.clear()),
      ]),
      h("ul", { class: ids ? "plainlist" : "chips" }, shown.map(one)),
      places.length > LISTED ? h("p.quiet", `and ${count(places.length - LISTED)} more`) : h("span"),
    );
    if (!this.selection.hidden) this.selection.scrollIntoView({ block: "nearest" });
    say(`${count(places.length)} selected`);
  }

  pick(word, i) {
    const { ids } = this.described;
    if (ids) go({ view: "map", of: "documents", doc: ids[i] });
    else this.choose(word);
  }
}
