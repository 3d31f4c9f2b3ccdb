"""The graph of terms: mutual neighbours, what others read of its files, one picture for one graph."""

import json
from pathlib import Path
from xml.etree import ElementTree

import networkx
import numpy as np
import pytest
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.term_graph import Edge, Graph, TermNode, graph
from selfvec.analysis.views.graphs import save_graph
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows


def test_edges_join_terms_of_one_subject(subject_run: Run, subject_of: dict[str, str]) -> None:
    found = graph(subject_run, neighbours=4)
    same = [
        subject_of[found.nodes[edge.a].term] == subject_of[found.nodes[edge.b].term] for edge in found.edges
    ]
    assert np.mean(same) > 0.9  # a quarter by chance
    for edge in found.edges:
        a, b = found.nodes[edge.a], found.nodes[edge.b]
        assert edge.a < edge.b
        assert edge.cosine == pytest.approx(subject_run.vectors.similarity(a.term, b.term), abs=1e-5)
    joined = {place for edge in found.edges for place in (edge.a, edge.b)}
    assert joined == set(range(len(found.nodes)))
    counts = dict(zip(subject_run.vectors.index_to_key, subject_run.vectors.counts.tolist(), strict=True))
    for node in found.nodes:
        assert node.count == counts[node.term]
        assert 0 <= node.x <= 1
        assert 0 <= node.y <= 1
        assert 0 <= node.drift <= 2


def test_no_term_has_more_than_k_edges_and_neighbours_are_mutual(subject_run: Run) -> None:
    found = graph(subject_run, neighbours=2)
    degrees = np.bincount([place for edge in found.edges for place in (edge.a, edge.b)])
    assert degrees.max() <= 2


def test_spelling_alone_makes_no_edge() -> None:
    texts = ["rain filled the river"] * 9 + ["park by the airport"] * 9 + ["raint lay over the wood"] * 9
    texts += ["the rainy river rain rainy"] * 9
    run = selfvec.Refiner(method="original", stop_words="en").fit(texts, "none").run_
    words = run.vectors.index_to_key
    rng, table = np.random.default_rng(0), np.zeros((len(words), 8), np.float32)
    table[:] = rng.standard_normal(table.shape)
    for word in ("raint", "rainy"):  # near rain, whatever is known of them
        table[words.index(word)] = table[words.index("rain")] + 0.1 * table[words.index(word)]

    def edges(source: Source) -> set[frozenset[str]]:
        sources = np.array([source if w in ("raint", "rainy") else Source.KNOWN for w in words], np.uint8)
        made = Vectors(words, unit_rows(table), sources=sources, counts=run.vectors.counts, normalized=True)
        found = graph(run.present.replace(vectors=made, original=made), ["rain", "raint", "rainy"], top=30)
        return {frozenset((found.nodes[edge.a].term, found.nodes[edge.b].term)) for edge in found.edges}

    assert frozenset(("rain", "raint")) in edges(Source.KNOWN)
    joined = edges(Source.SUBWORDS)
    assert frozenset(("rain", "raint")) not in joined
    assert frozenset(("rain", "rainy")) in joined  # they occur together


def test_around_words(subject_run: Run, subject_of: dict[str, str]) -> None:
    found = graph(subject_run, ["flash flood", "hail"], top=8)
    names = [node.term for node in found.nodes]
    assert {"flash_flood", "hail"} <= set(names)
    assert len(names) <= 8
    assert {subject_of[name] for name in names} == {"storm"}
    refused(lambda: graph(subject_run, ["zyzzyva"]), InputError, "zyzzyva")


def hostile() -> Graph:
    """Two words that markup and scripts could trip over."""
    nodes = [
        TermNode("</script><b>&", 3, 2, 0, None, 0.0, 1.0),
        TermNode("a\x00\x1b\ufffe_\u202eb", 1, 1, -1, 0.5, 1.0, 0.0),
    ]
    return Graph(nodes, [Edge(0, 1, 0.5, 1.5)], ["x<y, z"])


def test_networkx_reads_the_graphml(subject_run: Run, tmp_path: Path) -> None:
    found = graph(subject_run)
    save_graph(found, tmp_path / "terms.graphml")
    read = networkx.read_graphml(tmp_path / "terms.graphml")
    assert not read.is_directed()
    assert [data["label"] for _, data in read.nodes(data=True)] == [node.term for node in found.nodes]
    for node, (_, data) in zip(found.nodes, read.nodes(data=True), strict=True):
        assert (data["count"], data["documents"], data["topic"]) == (node.count, node.documents, node.topic)
        assert data["topic_name"] == found.topics[node.topic]
        assert data["drift"] == pytest.approx(node.drift)
    edges = [(int(a[1:]), int(b[1:]), data) for a, b, data in read.edges(data=True)]
    assert [(a, b) for a, b, _ in edges] == [(edge.a, edge.b) for edge in found.edges]
    for (_, _, data), edge in zip(edges, found.edges, strict=True):
        assert data["weight"] == data["cosine"] == pytest.approx(edge.cosine)
        assert data["ppmi"] == pytest.approx(edge.ppmi)


def test_any_word_makes_valid_files(tmp_path: Path) -> None:
    save_graph(hostile(), tmp_path / "h.graphml")
    ElementTree.parse(tmp_path / "h.graphml")
    read = networkx.read_graphml(tmp_path / "h.graphml")
    assert read.nodes["n0"]["label"] == "</script><b>&"
    assert "drift" not in read.nodes["n0"]
    save_graph(hostile(), tmp_path / "h.json")
    assert json.loads((tmp_path / "h.json").read_text())["nodes"][1]["topic_name"] is None


def test_neighbours_are_drawn_near_one_another(subject_run: Run) -> None:
    found = graph(subject_run, neighbours=4)
    assert graph(subject_run, neighbours=4).as_dict() == found.as_dict()
    places = np.array([[node.x, node.y] for node in found.nodes])
    assert (places.min(), places.max()) == (0, 1)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    apart = ~np.eye(len(places), dtype=bool)
    joined = [distances[edge.a, edge.b] for edge in found.edges]
    assert np.mean(joined) < 0.6 * distances[apart].mean()
    assert distances[apart].min() > 0.01
    assert len(repr(found).splitlines()) <= 3
