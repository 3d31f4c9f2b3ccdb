// Requests to the server, or to what a saved page holds.
import { Documents } from "./saved.js";

class Refused extends Error {
  constructor(error, status) {
    super([error.rule, error.remedy].filter(Boolean).join("; "));
    Object.assign(this, { status, place: error.place });
  }
}

function address(path, asked) {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries(asked))
    for (const one of [value].flat())
      if (one !== "" && one !== null && one !== undefined) wanted.append(name, one);
  return `./api/${path}?${wanted}`;
}

const ANSWERS = globalThis.selfvecKept; // of a page saved as one file
export const SAVED = ANSWERS !== undefined;
let documents; // of a saved page
const SAME = new Set(["limit", "n", "sort"]); // arguments that do not change an answer there

/** An answer that a saved page holds. */
function saved(path, asked) {
  if (path === "complete") {
    const words = Object.entries(ANSWERS)
      .filter(([key]) => key.startsWith("word\n"))
      .map(([, { word, count }]) => [word, count]);
    const part = asked.q.toLowerCase(),
      differs = ([word]) => word.toLowerCase() !== part;
    return {
      words: words
        .filter(([word]) => word.toLowerCase().includes(part))
        .sort((a, b) => differs(a) - differs(b))
        .slice(0, 8),
    };
  }
  if (ANSWERS.documents) {
    documents ??= new Documents(ANSWERS.documents, ANSWERS.spans);
    const answer = path in Documents.prototype ? documents[path](asked) : ANSWERS.none;
    if (answer) return answer;
    if (path === "document") throw new Refused({ rule: `this file has no document ${asked.id}` }, 404);
  }
  const given = Object.entries(asked)
    .filter(([name, value]) => !SAME.has(name) && String(value ?? "") !== "")
    .map(([name, value]) => `${name}=${value}`);
  const answer = ANSWERS[[path, ...given.sort()].join("\n")];
  if (answer === undefined)
    throw new Refused(
      {
        rule: "this file holds only the words that changed most and the most frequent ones",
        remedy: "ask selfvec serve for others",
      },
      404,
    );
  return answer;
}

const WAIT = 300; // milliseconds between requests for unfinished work
const TRIES = 8; // requests to a busy server

const pause = (milliseconds, signal) =>
  new Promise((done, failed) => {
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        failed(signal.reason);
      },
      { once: true },
    );
  });

/** What an answer holds, if it is JSON. */
const content = (response) => response.json().catch(() => null);

async function fetched(path, asked, signal, busy) {
  let response;
  for (let tries = 1; ; tries++) {
    try {
      response = await fetch(address(path, asked), { signal, credentials: "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused({ rule: "the server does not answer", remedy: "start selfvec serve again" }, 0);
    }
    if (response.status !== 503 || (tries === TRIES && !busy)) break;
    if (busy) busy((await content(response.clone()))?.error?.rule ?? "the server is busy");
    await pause(1000 * (Number(response.headers.get("retry-after")) || 1), signal);
  }
  if (response.ok) return response;
  const answer = await content(response);
  throw new Refused(answer?.error ?? { rule: `the server answered ${response.status}` }, response.status);
}

/**
 * An answer in JSON. `progress` gets the share that is computed. With `busy`, which gets the server's reason,
 * the request waits until the server is free. Answers are not kept: the server holds what takes long, and it
 * knows when the run has changed.
 */
export async function ask(path, asked = {}, { signal, progress, busy } = {}) {
  if (ANSWERS) return saved(path, asked);
  let answer = await (await fetched(path, asked, signal, busy)).json();
  while (answer.ready === false) {
    progress?.(answer.share);
    await pause(WAIT, signal);
    answer = await (await fetched(path, asked, signal)).json();
  }
  return answer;
}

/** Change the run: what the server says of it. The token is that of those who may write. */
export async function change(path, rows, token) {
  const response = await fetch(`./api/${path}`, {
    method: "PUT",
    body: JSON.stringify(rows),
    headers: { authorization: `Bearer ${token}` },
    credentials: "same-origin",
  });
  const answer = await content(response);
  if (!response.ok)
    throw new Refused(answer?.error ?? { rule: `the answer was ${response.status}` }, response.status);
  return answer;
}

/** One request at a time: a new one cancels the one before. */
export function latest() {
  let controller = null;
  return async (act) => {
    controller?.abort();
    controller = new AbortController();
    const { signal } = controller;
    try {
      return await act(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  };
}
