// Words and topics over time.
import { ask, latest } from "./api.js";
import { charted, note, rates, table, timeline } from "./chart.js";
import { bdi, choice, debounced, fill, h, say } from "./dom.js";
import { clean, many, share } from "./format.js";
import { go, link, state } from "./state.js";
import { commas } from "./table.js";

const SMOOTHED = [1, 3, 5, 9]; // periods in the mean of a point
const UNIT = 10000; // words
const FIRST = 3; // words of a chart that nobody asked for

/** A percentage, with a digit after the point if it is small. */
const percent = (x) => (x < 0.1 ? `${(100 * x).toFixed(1)} %` : share(x));

/** The chart of one or more words, as the server counts them. */
export function wordChart(answers, wide = 1, room = undefined) {
  const series = answers.map(({ word, time, spread }) => {
    const points = rates(
      time.map((part) => part.count),
      time.map((part) => part.tokens),
      { wide, spread, unit: UNIT },
    );
    return {
      name: clean(word),
      points: points.map((point, i) => ({
        ...point,
        told:
          answers.length > 1
            ? undefined
            : `${point.value.toFixed(1)} (${many(time[i].count, "time")} in ${many(time[i].tokens, "word")})`,
      })),
    };
  });
  return charted(answers[0].time, series, {
    about: "Occurrences in 10,000 words",
    show: (x) => x.toFixed(1),
    room,
  });
}

/** Put the charts of the topics in an element. */
export async function topicCharts(element, signal, asked = {}, options = {}) {
  const progress = (done) =>
    element.replaceChildren(h("p", { class: "wait" }, `Finding topics: ${share(done)} done.`));
  element.replaceChildren(multiples(await ask("topics", asked, { signal, progress }), options));
}

/** The topics over time, a chart for each. */
function multiples({ topics, periods }, { wide = 1, most = topics.length, of = "documents" } = {}) {
  if (!topics.length || periods.length < 2)
    return h("p", { class: "wait" }, "The text has no dates, or too few words for topics.");
  const totals = periods.map(({ documents }) => documents);
  const series = topics
    .slice(0, most)
    .map(({ name, counts }) => ({ name: clean(name), points: rates(counts, totals, { wide }) }));
  const about = "Share of the documents of each period",
    to = (name) => link({ view: "map", of, colour: "topic", only: name, word: "", doc: "" });
  return h(
    "figure",
    { class: "bars" },
    h("figcaption", { class: "lead" }, `${about}, each topic on its own scale${note(periods, series)}`),
    h(
      "div",
      { class: "multiples" },
      series.map((one, i) =>
        h(
          "section",
          {},
          h("h4", {}, h("a", { href: to(topics[i].name) }, bdi(one.name))),
          timeline(periods, [one], { about: `${one.name}: ${about}`, show: percent, small: true, limit: 1 }),
        ),
      ),
    ),
    table(periods, series, percent),
  );
}

export class Times {
  constructor(about, overview) {
    this.newest = latest();
    Object.assign(this, { about, overview });
    const asked = debounced(300, (changes) => go(changes, false));
    const units = [["", "default"], ...about.units.map((unit) => [unit, unit])];
    const smoothed = SMOOTHED.map((n) => (n === 1 ? ["", "one period"] : [String(n), `${n} periods`]));
    const [unit, unitLabel] = choice("by", units, (value) => asked({ unit: value }, 0));
    const [smooth, smoothLabel] = choice("smoothed over", smoothed, (value) => asked({ smooth: value }, 0));
    Object.assign(this, { unit, smooth });
    this.words = h("input", {
      type: "search",
      dir: "auto",
      maxlength: 400,
      autocapitalize: "none",
      spellcheck: "false",
      oninput: () => asked({ words: this.words.value }),
    });
    this.note = h("p", { class: "lead" });
    this.chart = h("div", {});
    this.topics = h("div", {});
    this.element = h(
      "div",
      { class: "full" },
      h("h2", {}, "Over time"),
      h(
        "div",
        { class: "fields" },
        h("label", { class: "wide-field" }, "words", this.words),
        unitLabel,
        smoothLabel,
      ),
      this.note,
      this.chart,
      h("h3", {}, "Topics"),
      this.topics,
    );
  }

  async update() {
    fill([[this.words, state.words]]);
    this.unit.value = state.unit;
    this.smooth.value = state.smooth;
    return this.newest((signal) =>
      Promise.all([
        this.draw(signal),
        topicCharts(
          this.topics,
          signal,
          { unit: state.unit },
          { wide: Number(state.smooth) || 1, of: this.about.kept ? "words" : "documents" },
        ),
      ]),
    );
  }

  /** The lines of the words; at first of those that the text is about. */
  async draw(signal) {
    const about = state.words ? [] : (await ask("domain", {}, { signal })).words.map(({ word }) => word);
    const first = (about.length ? about : this.overview.words.map(([word]) => word))
      .slice(0, FIRST)
      .join(" ");
    if (!state.words) this.words.placeholder = first;
    const words = [...new Set((state.words || first).split(/[\s,;]+/).filter(Boolean))].slice(0, 12);
    const answers = await Promise.all(
      words.map((w) =>
        ask("time", { w, unit: state.unit }, { signal }).catch((error) => {
          if (error.status !== 404) throw error;
          return { word: w, time: null };
        }),
      ),
    );
    const known = answers.filter(({ time }) => time),
      missing = answers.filter(({ time }) => !time);
    this.note.replaceChildren(
      ...(missing.length
        ? ["Not in this text: ", ...commas(missing.map(({ word }) => word)).flat(), "."]
        : []),
    );
    if (!known.length || known[0].time.length < 2) {
      this.chart.replaceChildren(h("p", { class: "wait" }, known.length ? "The text has no dates." : ""));
      return;
    }
    this.note.append(...known.map(({ growth }) => h("span", {}, growth ? ` ${growth}` : "")));
    this.chart.replaceChildren(wordChart(known, Number(state.smooth) || 1));
    say(`${many(known.length, "word")} over time`);
  }
}
