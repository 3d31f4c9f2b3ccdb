"""What several tests of the page in a browser do and look at."""

import json

from headless import Page

RANKED = "[...document.querySelectorAll('.ranking a[data-word]')].map((a) => a.dataset.word)"


CURRENT = "document.querySelector('.ranking a[aria-current]')?.dataset.word"


def heading(word: str) -> str:
    return f"document.querySelector('h2.word bdi')?.textContent === {json.dumps(word)}"


SLOW = """
(() => {
  const real = window.fetch;
  window.answers = [];
  window.fetch = async (address, options) => {
    const stage = window.stage ?? 'tested';
    const response = await real(address, options);
    if (!String(address).includes('/api/ranking')) return response;
    const answer = await response.json();
    if (stage === 'queued') return Response.json({ ready: false, share: 0, doing: 'counting', ahead: 2 });
    if (stage === 'comparing') return Response.json({ ready: false, share: 0.25 });
    return Response.json(answer);
  };
})()
"""
"""A comparison that takes as long as the test wants."""


def saved_as(page: Page, selector: str) -> str:
    """The text of the file that a click saves."""
    page.run(
        "(() => { const real = URL.createObjectURL; URL.createObjectURL = (blob) => "
        "{ blob.text().then((text) => { window.saved = text; }); return real.call(URL, blob); }; })()"
    )
    page.click(selector)
    page.wait("window.saved")
    return str(page.run("window.saved"))


TYPE = """(selector, text) => {
  const input = document.querySelector(selector);
  input.value = text;
  input.dispatchEvent(new Event('input'));
}"""


def typed_at_once(page: Page, *fields: tuple[str, str]) -> None:
    """Type in several fields within one moment, as a quick person does."""
    calls = ";".join(f"type({json.dumps(selector)}, {json.dumps(text)})" for selector, text in fields)
    page.run(f"(() => {{ const type = {TYPE}; {calls} }})()")


COLOURS = """
(() => {
  const canvas = document.querySelector('.atlas canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size;
})()
"""


NAMED = "document.querySelectorAll('.colours button').length > 2"
