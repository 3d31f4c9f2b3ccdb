// Requests to the server.
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
 * An answer in JSON. `progress` gets the share that is computed, what is computed now, and how many come
 * before. With `busy`, which
 * gets the server's reason, the request waits until the server is free. Answers are not kept: the server has
 * what takes long, and it knows when the run has changed.
 */
export async function ask(path, asked = {}, { signal, progress, busy } = {}) {
  let answer = await (await fetched(path, asked, signal, busy)).json();
  while (answer.ready === false) {
    progress?.(answer.share, answer.doing, answer.ahead);
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
