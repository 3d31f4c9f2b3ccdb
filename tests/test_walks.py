"""The walk of an argument, worked out by hand for three small files in two rooms."""

from itertools import pairwise

from tools.walks import House, walked

FILES = {
    "apps/command.py": """
import json
from selfvec.text import count as counting, cut
def command(text, other):
    words = cut(text)          # apps -> text, and back
    shown(other)               # what is followed does not go there
    json.normal(words)         # a module of others, though a method of ours has the name
    return counting.largest(words, key=other)
def shown(other): ...
""",
    "text/__init__.py": "from .cutting import cut\n",
    "text/cutting.py": "def cut(text): return normal(text.strip()).split()\ndef normal(text): ...\n",
    "text/kept.py": "class Kept:\n    def normal(self, text): ...\n",
    "text/count.py": "from .cutting import normal\ndef largest(words, key): return normal(words), key\n",
}


def test_a_walk_enters_each_function_once_in_the_order_of_the_code(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    files = walked(House.read(tmp_path), "apps.command:command:text").files
    assert files == [
        "apps.command", "text.cutting", "apps.command",  # cut, and within it normal
        "text.count", "apps.command",  # normal was entered before
    ]  # fmt: skip
    assert sum(after.startswith("apps") > before.startswith("apps") for before, after in pairwise(files)) == 2


def test_a_function_that_is_handed_on_gets_what_stands_beside_it(tmp_path):
    """A closure, a function by its name, and what a block is led with."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text/cut.py").write_text(
        "def cut(text): ...\ndef kept(text): return text\ndef shown(text): ...\n", "utf-8"
    )
    (tmp_path / "command.py").write_text(
        """
from selfvec.text import cut
def command(text):
    def closure(given): cut.cut(given)
    later(text, closure)
    later(text, cut.kept)
    later(None, cut.cut)
    with cut.kept(text) as step: cut.shown(step)
def later(text, work): ...
""",
        "utf-8",
    )
    files = walked(House.read(tmp_path), "command:command:text").files
    assert files == ["command", "text.cut"] * 3 + ["command"]
