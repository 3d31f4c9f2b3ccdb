"""The demonstration corpus: this Python's own documentation."""

import sys

from corpus_reader import collect

from selfvec.corpus.python_docs import python_documentation


def test_the_documentation_of_this_python():
    corpus = python_documentation()
    rows = collect(corpus)
    assert sum(len(text.split()) for text in rows["texts"]) > 200_000
    assert len(set(rows["texts"])) == len(set(rows["ids"])) == len(rows["ids"])
    documents = dict(zip(rows["ids"], rows["texts"], strict=True))
    assert documents["json.loads"].startswith("Deserialize")
    assert "iterator" in documents["builtins.map"]
    assert documents["collections.Counter"].startswith("Dict subclass for counting")
    assert any(name.startswith("itertools.") for name in documents)
    assert documents["reference:with"].startswith('The "with" statement')
    assert not [name for name in documents if name.startswith(("test.", "idlelib.", "site-packages"))]
    assert rows == collect(python_documentation())


def test_what_is_missing_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    sources = {
        "b.py": 'class C:\n    """A\n       class."""\n    async def f(self):\n        """Does it."""\n',
        "pkg/__init__.py": '"""A package."""\nif True:\n    def f():\n        "Does it."\n',
        "pkg/broken.py": "def (",
        "pkg/test/x.py": '"""A test."""\n',
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    rows = collect(python_documentation(tmp_path))
    assert rows["ids"][:3] == ["b.C", "b.C.f", "pkg"]
    assert rows["texts"][:3] == ["A\nclass.", "Does it.", "A package."]
    assert not [name for name in rows["ids"] if name.startswith("reference:")]
    assert len(rows["ids"]) > 1000  # what is built in
    assert collect(python_documentation(tmp_path / "nothing"))["ids"] == rows["ids"][3:]


def test_hooks_that_programs_leave_are_not_documentation(tmp_path, monkeypatch):
    def hook():
        """A hook of ours."""

    monkeypatch.setattr(sys, "excepthook", hook)
    assert "A hook of ours." not in collect(python_documentation(tmp_path))["texts"]
