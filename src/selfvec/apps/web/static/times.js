// Words and topics over time.
import { ask, latest } from "./api.js";
import { charted, rates } from "./chart.js";
import { h, say, waiting } from "./dom.js";
import { clean, many, percent } from "./format.js";
import { Fields } from "./list.js";
import { filters, go, state } from "./state.js";
import { commas } from "./table.js";

const FIRST = 3; // words of a chart that nobody asked for

/** The chart of one or more words, as the server counts them. */
export function wordChart(answers, room = undefined) {
  const series = answers.map(({ word, time }) => ({ name: clean(word), points: rates(time) }));
  const ends = ({ name, points }) => {
    const [first, last] = [0, -1].map(
      (i) => `${percent(points.at(i).value)} in ${answers[0].time.at(i).name}`,
    );
    return `${name}: ${first}, ${last} of the documents.`;
  };
  return charted({
    about: "Share of the documents of each period",
    findings: answers.map(({ growth, direction }, i) => [growth || ends(series[i]), direction]),
    periods: answers[0].time,
    border: answers[0].border,
    series,
    room,
  });
}

export class Times {
  constructor(about, overview) {
    this.newest = latest();
    Object.assign(this, { about, overview });
    const declared = {
      words: { maxlength: 400, autocapitalize: "none", spellcheck: "false" },
      unit: { label: "by", options: new Map(["", ...about.units].map((unit) => [unit, unit || "default"])) },
    };
    this.fields = new Fields(declared, (changes) => go(changes, false));
    this.note = h("p.lead");
    this.chart = h("div");
    this.element = h("div.full", [
      h("h2.hidden", "Over time"),
      h("label.wide-field", "words", this.fields.inputs.words),
      this.note,
      this.chart,
    ]);
  }

  async update() {
    this.fields.show(state);
    return this.newest((signal) => this.draw(signal));
  }

  /** The lines of the words; at first of those that changed, or else of those that the text is about. */
  async draw(signal) {
    const how = waiting(this.chart, "Counting words", this.chart.children.length);
    const asked = { c: state.c, filter: filters() };
    const { words: changed } = state.words ? { words: [] } : await ask("report", asked, { signal, ...how });
    const first = [...changed, ...this.overview.words.map(([word]) => word)].slice(0, FIRST).join(" ");
    if (!state.words) this.fields.inputs.words.placeholder = first;
    const words = [...new Set((state.words || first).split(/[\s,;]+/).filter(Boolean))].slice(0, 12);
    const answers = await Promise.all(
      words.map((w) =>
        ask("time", { ...asked, w, unit: state.unit }, { signal, ...how }).catch((error) => {
          if (error.status !== 404 || error.place === "filter") throw error;
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
      this.chart.replaceChildren(h("p.wait", known.length ? "The text has dates of one month at most." : ""));
      return;
    }
    this.chart.replaceChildren(wordChart(known));
    say(`${many(known.length, "word")} over time`);
  }
}
