"""The digest by which programs know an encoder again."""

from pathlib import Path

from selfvec.retrieval.encoder import Encoder


def changed(encoder: Encoder) -> Encoder:
    """The same words with other numbers."""
    rows = encoder.rows.copy()
    rows[:, 0] += 0.5
    return Encoder(encoder.words, encoder.places, rows, encoder.split, encoder.about)


def test_a_digest_tells_encoders_apart(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "e")
    assert Encoder.open(tmp_path / "e").digest == encoder.digest
    words = [*encoder.words[:-1], "another"]
    others = [
        changed(encoder),
        Encoder(words, encoder.places, encoder.rows, encoder.split, encoder.about),
        Encoder(encoder.words, encoder.places[::-1], encoder.rows, encoder.split, encoder.about),
        Encoder(encoder.words, encoder.places, encoder.rows, "whitespace", encoder.about),
        Encoder(encoder.words, encoder.places, encoder.rows, encoder.split, {"language": "tr"}),
    ]
    assert len({one.digest for one in (encoder, *others)}) == 6
