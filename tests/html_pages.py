"""HTML as it is read: its elements, their attributes and texts."""

from html.parser import HTMLParser

_VOID = frozenset({"br", "circle", "line", "meta", "polyline", "polygon", "rect"})


class Html(HTMLParser):
    """What HTML has, in which all that was opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.texts: dict[str, list[str]] = {}  # of each kind of element
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]
        self.texts.setdefault(tag, []).append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        for tag in self.open:
            self.texts[tag][-1] += data
