"""The tree of partials: files as checkpoints, damaged ones made again, equal bytes in any order."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from selfvec.cluster.shared_files import exists, load, save
from selfvec.cluster.sums import Partial
from selfvec.cluster.tree import Here, Node, make, reduced, tree


class Summed:
    """A leaf's work: floats whose sum depends on the order; remembers what it made."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def __call__(self, first: int, last: int) -> Partial:
        self.made.append(first)
        rows = np.random.default_rng(first).standard_normal(100) * 10.0 ** (first % 7)
        return Partial(first, last, {"neighbours": rows})


class Shuffled(Here):
    """Runs waiting tasks in a random order, each after what it needs."""

    def __init__(self, seed: int) -> None:
        self.random, self.waiting, self.done = random.Random(seed), [], {}

    def submit(self, task, *arguments, **_):
        self.waiting.append((task, arguments))
        return len(self.waiting) - 1

    def gather(self, promises, *_):
        left = [n for n in range(len(self.waiting)) if n not in self.done]
        while left:
            ready = [n for n in left if all(m in self.done for a in self.waiting[n][1] for m in a)]
            number = self.random.choice(ready)
            task, arguments = self.waiting[number]
            self.done[number] = task(*arguments)
            left.remove(number)
        return [self.done[n] for n in promises]


def leaves(number: int) -> list[tuple[int, int]]:
    return [(2 * n, 2 * n + 2) for n in range(number)]


def test_a_tree_of_any_size_covers_all_shards_once() -> None:
    def below(node: Node) -> list[tuple[int, int]]:
        assert len(node.children) <= 8
        return [of for child in node.children for of in below(child)] or [(node.first, node.last)]

    for number in (1, 2, 8, 9, 64, 65, 700):
        assert below(tree("x", leaves(number))) == leaves(number)


def test_equal_bytes_in_any_order_of_completion(tmp_path: Path) -> None:
    found = set()
    for seed in range(4):
        folder = tmp_path / str(seed)
        engine = Shuffled(seed) if seed else Here()
        total = reduced(engine, tree(str(folder), leaves(70)), Summed(), "sums")
        found.add(total.sums["neighbours"].tobytes())
        assert [path.name for path in folder.iterdir()] == ["0000000-0000140.safetensors"]
    assert len(found) == 1


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    work, root = Summed(), tree(str(tmp_path), leaves(20))
    for child in root.children[0].children[:3]:
        make(child, work)
    make(root.children[1], work)
    before = list(work.made)
    total = reduced(Here(), root, work, "sums")
    assert sorted(work.made) == [2 * n for n in range(20)]
    assert before == work.made[: len(before)]
    again = reduced(Here(), root, work, "sums")
    assert len(work.made) == 20
    assert np.array_equal(again.sums["neighbours"], total.sums["neighbours"])
    make(root.children[0].children[0], work, [root.children[0].url, root.url])  # a late second run
    assert len(work.made) == 20


@pytest.mark.parametrize("harm", ["truncated", "changed", "missing"])
@pytest.mark.parametrize("level", [0, 1])
def test_a_damaged_partial_is_found_and_made_again(tmp_path: Path, harm: str, level: int) -> None:
    expected = reduced(Here(), tree(str(tmp_path / "sound"), leaves(20)), Summed(), "sums")
    work, root = Summed(), tree(str(tmp_path / "harmed"), leaves(20))
    for child in root.children:
        for leaf in child.children:
            make(leaf, work)
        if level:
            make(child, work)
    harmed = Path((root.children[1] if level else root.children[1].children[2]).url)
    data = harmed.read_bytes()
    if harm == "missing":
        harmed.unlink()
    else:
        harmed.write_bytes(data[:-9] if harm == "truncated" else data[:-3] + bytes(3))
    work.made.clear()
    total = reduced(Here(), root, work, "sums")
    assert total.sums["neighbours"].tobytes() == expected.sums["neighbours"].tobytes()
    assert work.made == ([16, 18, 20, 22, 24, 26, 28, 30] if level else [20])


def test_a_damaged_root_is_made_again_at_the_next_start(tmp_path: Path) -> None:
    work, root = Summed(), tree(str(tmp_path), leaves(3))
    expected = reduced(Here(), root, work, "sums").sums["neighbours"].copy()
    Path(root.url).write_bytes(b"")
    assert np.array_equal(reduced(Here(), root, work, "sums").sums["neighbours"], expected)


def test_a_file_appears_whole(tmp_path: Path) -> None:
    url = str(tmp_path / "a" / "b.safetensors")
    assert not exists(url)
    save(url, {"x": np.arange(3)}, {"said": "é"})
    tensors, said = load(url)
    assert (tensors["x"].tolist(), said) == ([0, 1, 2], {"said": "é"})
    with pytest.raises(FileNotFoundError):
        load(str(tmp_path / "nothing"))
