"""A real browser over its own pipe: Chromium's DevTools protocol in a hundred lines, and nothing to install.

``chromium --remote-debugging-pipe`` reads commands from file descriptor 3 and writes answers and events to
descriptor 4, JSON ended by a zero byte: no port, no web socket, no driver.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
REQUIRED = "SELFVEC_REQUIRE_BROWSER"
"""Set where a missing browser is a failure: in continuous integration."""

_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # continuous integration runs as root, in a container of its own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--process-per-site",
    "--disable-features=SpareRendererForSitePerProcess",
)


def find() -> str | None:
    """Where Chromium is, if it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


UNTIL = """new Promise((done) => {
  const end = performance.now() + %(milliseconds)d;
  const look = () => {
    let found = false;
    try { found = Boolean(%(condition)s); } catch { /* what it asks about is not there yet */ }
    if (found || performance.now() > end) done(found); else setTimeout(look, 5);
  };
  look();
})"""
"""Whether an expression becomes true within some time."""


class BrowserError(AssertionError):
    """A script on the page failed, or something waited for did not come."""


class Page:
    """A tab, and what happened in it: ``errors`` of scripts and ``requests`` of the network.

    What has a string of ``expected`` in it is no error. A test says so at its start: the browser notes errors
    when it likes, and some come after the end of the test.
    """

    def __init__(self, browser: "Browser", session: str, target: str) -> None:
        self.browser = browser
        self.session = session
        self.target = target
        self.noted: list[str] = []
        self.expected: list[str] = []
        self.requests: list[str] = []
        browser.pages[session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    @property
    def errors(self) -> list[str]:
        return [note for note in self.noted if not any(part in note for part in self.expected)]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, parameters, self.session)

    def close(self) -> None:
        self.browser.call("Target.closeTarget", {"targetId": self.target})

    def happened(self, method: str, about: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.noted.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.noted.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def size(self, width: int, height: int, *, mobile: bool = False, scale: float = 1) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=mobile,
        )

    def prefers(self, **features: str) -> None:
        """As ``prefers(color_scheme="dark", reduced_motion="reduce")``."""
        wanted = [
            {"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in features.items()
        ]
        self.call("Emulation.setEmulatedMedia", features=wanted)

    def open(self, address: str, *, ready: str = "document.body?.dataset.ready === 'yes'") -> None:
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.wait(ready)

    def run(self, script: str) -> Any:
        """The value of an expression, promises waited for."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = PATIENCE) -> None:
        """Until an expression is true; the page itself looks, so that nothing is slept through."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(BrowserError):  # the page is just being changed for another
                if self.run(UNTIL % {"condition": condition, "milliseconds": 1000}):
                    return
        raise BrowserError(f"waited {seconds} s in vain for {condition}; errors: {self.errors}")

    def press(self, key: str) -> None:
        """A key, as a person presses it."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowUp": 38}
        codes["ArrowDown"] = 40
        known = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        self.call("Input.dispatchKeyEvent", type="keyDown", **known, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text: str) -> None:
        for character in text:
            self.press(character)

    def enter(self, selector: str, text: str) -> None:
        """A text typed in a field, then Enter."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.type(text)
        self.press("Enter")

    def click(self, selector: str) -> None:
        """The middle of the first element that fits, scrolled to."""
        left, top, width, height = self.box(selector)
        self.mouse("pressed", left + width / 2, top + height / 2)
        self.mouse("released", left + width / 2, top + height / 2)

    def mouse(self, what: str, x: float, y: float) -> None:
        """The mouse pressed, moved or released at a place in the window."""
        kind = f"mouse{what.title()}"
        how = {"button": "left", "clickCount": 1, "buttons": 1} if what != "moved" else {}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **how)

    def box(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width and height of the first element that fits, scrolled to."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) return null;"
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect();"
            "return [b.x, b.y, b.width, b.height]; })()"
        )
        if box is None:
            raise BrowserError(f"there is no {selector}")
        return tuple(box)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def texts(self, selector: str, get: str = "textContent") -> list[Any]:
        """The text, or something else, of every element that fits."""
        return list(self.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.{get})"))

    def choose(self, selector: str, value: str, number: int = 0) -> None:
        """A choice of a list, the first that fits or another."""
        self.run(
            f"(() => {{ const list = document.querySelectorAll({json.dumps(selector)})[{number}];"
            f"list.value = {json.dumps(value)}; list.dispatchEvent(new Event('change')); }})()"
        )

    def elsewhere(self, *own: str) -> list[str]:
        """Requests to other places than those that begin so."""
        return [url for url in self.requests if not url.startswith((*own, "about:", "data:"))]

    def picture(self) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


class Browser:
    """A running Chromium."""

    def __init__(self, program: str, profile: Path) -> None:
        to_read = _pipe()  # its input
        to_write = _pipe()  # its output
        log = os.open(profile / "log", os.O_WRONLY | os.O_CREAT)
        actions = [  # the log first: its own number may be 3 or 4
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
            (os.POSIX_SPAWN_DUP2, to_read[0], 3),
            (os.POSIX_SPAWN_DUP2, to_write[1], 4),
        ]
        command = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.pid = os.posix_spawn(program, command, dict(os.environ), file_actions=actions, setpgroup=0)
        for end in (to_read[0], to_write[1], log):
            os.close(end)
        self._in = to_write[0]
        self._out = to_read[1]
        self._number = 0
        self._rest = b""
        self.pages: dict[str, Page] = {}

    def call(self, method: str, parameters: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """A command and its answer; events on the way go to their pages."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        _write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                if "error" in told:
                    raise BrowserError(f"{method}: {told['error']['message']}")
                return dict(told["result"])
            page = self.pages.get(told.get("sessionId", ""))
            if page is not None and "method" in told:
                page.happened(told["method"], told["params"])

    def page(self) -> Page:
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = attached["sessionId"]
        return Page(self, session, target)

    def close(self) -> None:
        with contextlib.suppress(OSError, BrowserError):
            self.call("Browser.close", {})
        for end in (self._in, self._out):
            os.close(end)
        end_of_wait = time.monotonic() + 5
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end_of_wait:
                os.killpg(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return
            time.sleep(0.02)

    def _next(self, seconds: float = PATIENCE) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], seconds)[0]:
                raise BrowserError(f"the browser said nothing for {seconds} s")
            more = os.read(self._in, 1 << 16)
            if not more:
                raise BrowserError("the browser is gone")
            self._rest += more
        told, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(told))


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are not among the numbers that the browser is given."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


def _write(end: int, data: bytes) -> None:
    while data:
        data = data[os.write(end, data) :]


@contextmanager
def browsing(program: str) -> Iterator[Callable[[], Page]]:
    """A browser for a while: makes pages."""
    with tempfile.TemporaryDirectory(prefix="selfvec-browser-", ignore_cleanup_errors=True) as folder:
        browser = Browser(program, Path(folder))
        try:
            yield browser.page
        finally:
            browser.close()
