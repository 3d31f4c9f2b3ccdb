"""An encoder's folder: values by hand, laws of order and threads, and folders that are refused."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.encoders.tiny_encoder import (
    INPUTS,
    ROWS,
    endless_model_bytes,
    model_bytes,
    tokenizer,
    write_encoder,
)
from tests.in_threads import in_threads
from tests.places import SHARED_DATA
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError
from selfvec.base.threads import cancel_all
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.onnx_encoder import EncoderFolder, OnnxEncoder

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"
MODULES = [
    {"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def unit(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values) / np.linalg.norm(values)


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    return write_encoder(own / "tiny")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> OnnxEncoder:
    return OnnxEncoder(folder)


def test_a_text_is_the_mean_of_its_states_at_unit_length(encoder: OnnxEncoder) -> None:
    # [CLS] hail roof [SEP]: the rows add up to (3, 1, 0)
    rows = encoder.encode(["hail roof", "rain", " \n", ""])
    assert rows.dtype == np.float32
    assert_allclose(rows[0], unit(3, 1, 0), atol=1e-6)
    assert_allclose(rows[1], unit(2, 0, 1), atol=1e-6)
    assert not rows[2:].any()
    assert encoder.dimensions == 3


def test_a_text_without_pieces_has_a_vector_of_zeros_and_a_run_of_it_opens(tmp_path: Path) -> None:
    from tokenizers import Regex, pre_tokenizers, processors

    words = tokenizer()  # adds no pieces of its own, and cuts none from digits
    words.pre_tokenizer = pre_tokenizers.Split(Regex("[^a-z]+"), "removed")
    words.post_processor = processors.TemplateProcessing("$A", special_tokens=[])
    for output in ("last_hidden_state", "sentence_embedding"):
        folder = write_encoder(tmp_path / output, output=output)
        (folder / "tokenizer.json").write_text(words.to_str())
        rows = OnnxEncoder(folder).encode(["1999", "hail"])
        assert rows.any(axis=1).tolist() == [False, True]
        target = tmp_path / f"run-{output}"
        texts = ["hail roof 1999", "rain 1999 roof", "1999 2000"]
        selfvec.refine(texts, "none", "decorrelated", encoder=folder, output=target)
        run = selfvec.open(target)
        assert np.isfinite(run.vectors.vectors).all()
        assert len(run.search("1999", top=3).hits) == 3


def test_cls_is_the_state_of_the_first_piece(tmp_path: Path) -> None:
    cls = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    encoder = OnnxEncoder(write_encoder(tmp_path / "e", settings={"modules.json": MODULES, POOLING: cls}))
    # its row (2, 0, 0), and half of the mean (3/4, 1/4, 0)
    assert_allclose(encoder.encode(["hail roof"])[0], unit(2.375, 0.125, 0), atol=1e-6)


def test_a_text_is_cut_where_the_folder_says(tmp_path: Path, encoder: OnnxEncoder) -> None:
    """The tokenizer's own limit, 3, and its padding do not count."""
    settings = {"sentence_bert_config.json": {"max_seq_length": 4}}
    cut = OnnxEncoder(write_encoder(tmp_path, settings=settings))
    expected = encoder.encode(["hail roof"])
    assert cut.encode(["hail roof rain rain"]).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("settings", "question", "passage"),
    [
        ({}, "hail", "hail"),
        ({"prompts": {"query": "query "}}, "query hail", "hail"),
        ({"prompts": {"query": "query ", "passage": "roof "}}, "query hail", "roof hail"),
        ({"prompts": {"passage": "roof ", "document": "rain "}}, "hail", "rain hail"),
        ({"prompts": {"x": "roof "}, "default_prompt_name": "x"}, "roof hail", "roof hail"),
        (
            {"prompts": {"x": "roof ", "query": "query "}, "default_prompt_name": "x"},
            "query hail",
            "roof hail",
        ),
        ({"prompts": {}, "default_prompt_name": None}, "hail", "hail"),
    ],
)
def test_prompts_are_put_before_questions_and_passages(
    tmp_path: Path, encoder: OnnxEncoder, settings: Any, question: str, passage: str
) -> None:
    prompted = OnnxEncoder(write_encoder(tmp_path / "e", settings={PROMPTS: settings}))
    expected = encoder.encode([question, passage])
    assert prompted.encode(["hail"], question=True).tobytes() == expected[:1].tobytes()
    assert prompted.encode(["hail"]).tobytes() == expected[1:].tobytes()
    assert not prompted.encode([" "], question=True).any()
    (part,) = prompted.states(["hail"])
    assert part[1].tolist() == [4]  # the end of the word in the text as given


def test_texts_are_lower_cased_where_the_folder_says_so(tmp_path: Path, encoder: OnnxEncoder) -> None:
    lower = {"sentence_bert_config.json": {"do_lower_case": True}}
    lowering = OnnxEncoder(write_encoder(tmp_path / "e", settings=lower))
    assert lowering.encode(["HAIL"]).tobytes() == encoder.encode(["hail"]).tobytes()
    assert encoder.encode(["HAIL"]).tobytes() == encoder.encode(["?"]).tobytes()  # [UNK]
    (part,) = lowering.states(["İİ hail"])  # İ is two characters in lower case
    assert part[1].tolist() == [2, 7]


def test_states_are_those_of_the_pieces_of_the_text(encoder: OnnxEncoder) -> None:
    found = list(encoder.states(["hail  roof", "", "rain"]))
    assert [number for number, _, _ in found] == [0, 2]
    _, ends, states = found[0]
    assert ends.tolist() == [4, 10]
    assert_allclose(states, [(1.375, 0.125, 0), (0.375, 1.125, 0)], atol=1e-6)


def test_states_of_a_long_text_come_in_parts(tmp_path: Path) -> None:
    short = {"sentence_bert_config.json": {"max_seq_length": 4}}
    encoder = OnnxEncoder(write_encoder(tmp_path / "e", settings=short))
    found = list(encoder.states(["hail roof rain rain rain", "hail"]))
    windows = [(number, ends.tolist()) for number, ends, _ in found]
    assert windows == [(0, [4, 9]), (0, [14, 19]), (0, [24]), (1, [4])]


def test_a_vector_that_the_model_makes_itself_is_taken(tmp_path: Path, encoder: OnnxEncoder) -> None:
    own = OnnxEncoder(write_encoder(tmp_path / "e", output="sentence_embedding"))
    assert_allclose(own.encode(["hail roof"]), encoder.encode(["hail roof"]), atol=1e-6)
    refused(lambda: next(own.states(["hail"])), FormatError, "not the states of pieces")


@pytest.mark.parametrize(
    "names", [("model.onnx", "model_quantized.onnx"), ("model_O2.onnx", "model_int8.onnx")]
)
def test_the_smaller_model_is_preferred(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        write_encoder(tmp_path, model=name)
    assert OnnxEncoder(tmp_path).folder.model.name == names[1]


def test_a_model_may_lie_beside_the_tokenizer(folder: Path, tmp_path: Path, encoder: OnnxEncoder) -> None:
    (tmp_path / "model_optimized.onnx").write_bytes((folder / "onnx/model.onnx").read_bytes())
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    assert OnnxEncoder(tmp_path).encode(["hail"]).tobytes() == encoder.encode(["hail"]).tobytes()


# Laws


@given(st.lists(st.text(" hailroftn.", max_size=60)), st.randoms(), st.integers(1, 4))
def test_order_and_threads_change_no_bit(
    encoder: OnnxEncoder, texts: list[str], random: Any, jobs: int
) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    rows = in_threads(1, encoder.encode, texts)
    assert in_threads(jobs, encoder.encode, [texts[n] for n in order]).tobytes() == rows[order].tobytes()
    alone = [encoder.encode([text]).tobytes() for text in texts]
    assert b"".join(alone) == rows.tobytes()


@pytest.mark.parametrize("over", [(1,), (0, 1)])
def test_texts_that_are_read_together_have_the_vectors_that_each_has_alone(
    tmp_path: Path, encoder: OnnxEncoder, over: tuple[int, ...]
) -> None:
    folder = write_encoder(tmp_path, content=model_bytes(over=over))
    words = [*["hail", "roof", "rain"] * 30, *["hail roof", "rain rain"] * 10, "hail roof rain"]
    alone = np.concatenate([encoder.encode([word]) for word in words])
    for jobs in (1, 3):
        assert in_threads(jobs, OnnxEncoder(folder).encode, words).tobytes() == alone.tobytes()


def test_advance_gets_the_number_of_texts(encoder: OnnxEncoder) -> None:
    done: list[int] = []
    texts = ["hail " * 200, "", "roof"] * 5
    encoder.encode(texts, advance=done.append)
    assert sum(done) == len(texts)
    done.clear()
    list(encoder.states(texts, advance=done.append))
    assert sum(done) == len(texts)


def test_the_digest_names_what_decides_the_vectors(tmp_path: Path, encoder: OnnxEncoder) -> None:
    def digest(name: str, **options: Any) -> str:
        return OnnxEncoder(write_encoder(tmp_path / name, **options)).digest

    assert digest("same") == encoder.digest
    assert (
        digest("about", settings={"config.json": {"model_type": "bert"}, "README.md": "x"}) == encoder.digest
    )
    others = [
        digest("inputs", inputs=("input_ids",)),
        digest("prompt", settings={PROMPTS: {"prompts": {"query": "query "}}}),
        digest("length", settings={"sentence_bert_config.json": {"max_seq_length": 9}}),
    ]
    assert len({encoder.digest, *others}) == 4


def test_a_forked_process_encodes(encoder: OnnxEncoder) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork on this system")
    expected = encoder.encode(["hail roof"]).tobytes()
    child = os.fork()
    if not child:
        same = encoder.encode(["hail roof"]).tobytes() == expected
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0


TALKS = """
import os, sys, time
from pathlib import Path
from selfvec.encoders.given import as_sentence_encoder
as_sentence_encoder(sys.argv[1]).encode(["hail"])
deadline = time.monotonic() + 30  # a thread that has done its work is listed a little longer
while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
print(len(os.listdir("/proc/self/task")), [path.name for path in Path(os.environ["HOME"]).rglob("*")])
"""


def test_no_reports_are_sent(folder: Path, tmp_path: Path) -> None:
    """onnxruntime reports in a thread of its own, and keeps a number of the machine in the home folder."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("the system does not list threads")
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "OPENBLAS_NUM_THREADS": "1"}
    for name in ("CI", "ORT_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    command = [sys.executable, "-c", TALKS, str(folder)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n")[0] == "1 []"
    assert not ended.stderr


# Folders that are refused


def external(location: str) -> bytes:
    """A model whose rows are in another file."""
    from onnx import numpy_helper

    rows = numpy_helper.from_array(np.array(list(ROWS.values()), np.float32), "rows")
    rows.ClearField("raw_data")
    rows.data_location = rows.EXTERNAL
    entry = rows.external_data.add()
    entry.key, entry.value = "location", location
    return model_bytes(rows=rows)


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def renamed(folder: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        (folder / "onnx" / name).write_bytes(model_bytes())
    (folder / "onnx/model.onnx").unlink()


def enlarged(folder: Path) -> None:
    with (folder / "onnx/model.onnx").open("r+b") as file:
        file.truncate(5 << 30)  # a file with a hole, which takes no space


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no model": (remove("onnx/model.onnx"), "no model in onnx/"),
    "no tokenizer": (remove("tokenizer.json"), "tokenizer.json: is missing"),
    "two models": (renamed, "several models: a.onnx, b.onnx"),
    "too large": (enlarged, "5,368,709,120 bytes, at most 4,294,967,296"),
    "no ONNX": (write("onnx/model.onnx", b"PK\3\4" * 50), "not a readable ONNX model"),
    "empty": (write("onnx/model.onnx", b""), "not a readable ONNX model"),
    "cut off": (write("onnx/model.onnx", model_bytes()[:-60]), "not a readable ONNX model"),
    "other inputs": (
        write("onnx/model.onnx", model_bytes((*INPUTS, "position_ids"))),
        "inputs input_ids (tensor(int64)), attention_mask (tensor(int64)), position_ids",
    ),
    "other outputs": (write("onnx/model.onnx", model_bytes(output="logits")), "has the outputs logits"),
    "weights above": (write("onnx/model.onnx", external("../rows.bin")), "escapes"),
    "weights anywhere": (write("onnx/model.onnx", external("/dev/zero")), "not a readable ONNX model"),
    "no tokenizer.json": (write("tokenizer.json", "{}"), "not a readable tokenizer.json"),
    "settings": (write("sentence_bert_config.json", '{"max_seq_length": "9"}'), "max_seq_length"),
    "negative": (write("sentence_bert_config.json", '{"max_seq_length": -1}'), "max_seq_length"),
    "only special": (write("sentence_bert_config.json", '{"max_seq_length": 2}'), "reads 2 pieces"),
    "no JSON": (write("config.json", "{"), "not a readable JSON file"),
    "a list": (write("config.json", "[]"), "is an object"),
    "prompts": (write(PROMPTS, '{"prompts": {"query": 3}}'), "prompts.query"),
    "modules": (write("modules.json", "{}"), "is a list"),
    "a dense layer": (
        write("modules.json", '[{"type": "sentence_transformers.models.Dense", "path": "3_Dense"}]'),
        "a module 'Dense'",
    ),
    "a folder above": (
        write("modules.json", '[{"type": "a.Pooling", "path": "../other"}]'),
        "names a folder outside",
    ),
    "no pooling": (write("modules.json", '[{"type": "a.Pooling", "path": "x"}]'), "is missing"),
    "max": (write(POOLING, '{"pooling_mode_max_tokens": true}'), "this one by max_tokens"),
    "two poolings": (
        write(POOLING, '{"pooling_mode_max_tokens": true, "pooling_mode_mean_tokens": true}'),
        "this one by max_tokens and mean",
    ),
    "none": (write(POOLING, "{}"), "this one by nothing"),
    "prompt": (write(POOLING, '{"pooling_mode": "mean", "include_prompt": false}'), "without the prompt"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_folder_that_is_no_encoder_is_one_error(tmp_path: Path, case: str) -> None:
    change, expected = BAD[case]
    folder = write_encoder(tmp_path / "e")
    (tmp_path / "e/rows.bin").write_bytes(np.zeros((len(ROWS), 3), np.float32).tobytes())
    change(folder)
    with pytest.raises(FormatError) as caught:
        as_sentence_encoder(folder)
    message = str(caught.value)
    assert expected in message
    assert message.startswith(str(folder))
    assert ";" in message
    assert "\n" not in message


def test_weights_beside_the_model_are_read(tmp_path: Path, encoder: OnnxEncoder) -> None:
    folder = write_encoder(tmp_path, content=external("model.onnx_data"))
    data = folder / "onnx/model.onnx_data"
    data.write_bytes(np.array(list(ROWS.values()), np.float32).tobytes())
    found = OnnxEncoder(folder)
    assert found.encode(["hail"]).tobytes() == encoder.encode(["hail"]).tobytes()
    data.write_bytes(np.ones((len(ROWS), 3), np.float32).tobytes())
    assert OnnxEncoder(folder).digest != found.digest


def test_a_tokenizer_of_another_model_is_one_error(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path)
    other = tokenizer()
    other.add_tokens(["zebra"])
    (folder / "tokenizer.json").write_text(other.to_str())
    encoder = OnnxEncoder(folder)
    refused(lambda: encoder.encode(["hail", "zebra"]), FormatError, r"model\.onnx: .*out of data bounds")


def test_values_that_are_no_numbers_are_one_error(encoder: OnnxEncoder) -> None:
    refused(
        lambda: in_threads(2, encoder.encode, ["hail"] * 50 + ["bad"]),
        FormatError,
        r"model\.onnx: .*not finite numbers; choose",
    )


# A real one

MINILM = SHARED_DATA / "encoders" / "minilm"


@pytest.mark.skipif(not MINILM.is_dir(), reason="shared/data/encoders/minilm is not here")
def test_minilm_knows_what_sentences_mean() -> None:
    encoder = OnnxEncoder(MINILM)
    texts = [
        "How do I open a bank account?",
        "Opening an account at a bank",
        "Hail broke the windows of the greenhouse.",
        "The storm destroyed the glasshouse.",
    ]
    rows = encoder.encode(texts)
    cosines = rows @ rows.T
    assert cosines[0, 1] > 0.8
    assert cosines[2, 3] > 0.4
    assert abs(cosines[:2, 2:]).max() < 0.15
    assert in_threads(1, encoder.encode, texts[::-1])[::-1].tobytes() == rows.tobytes()


@pytest.mark.parametrize(
    ("settings", "longest", "lower"),
    [
        ({}, 512, False),
        ({"tokenizer_config.json": {"model_max_length": 3}}, 3, False),
        ({"tokenizer_config.json": {"model_max_length": 10**30}}, 512, False),
        (
            {"tokenizer_config.json": {"model_max_length": 6}, "config.json": {"max_position_embeddings": 5}},
            5,
            False,
        ),
        (
            {
                "sentence_bert_config.json": {"max_seq_length": 4},
                "tokenizer_config.json": {"model_max_length": 3},
            },
            4,
            False,
        ),
        ({"config.json": {"max_position_embeddings": 514, "model_type": "xlm-roberta"}}, 512, False),
        ({"config.json": {"max_position_embeddings": 512, "model_type": "bert"}}, 512, False),
        (
            {"config.json": {"max_position_embeddings": 9, "model_type": "mpnet", "pad_token_id": None}},
            7,
            False,
        ),
        (
            {"config.json": {"max_position_embeddings": 8}, "sentence_x_config.json": {"max_seq_length": 9}},
            8,
            False,
        ),
        ({"sentence_roberta_config.json": {"max_seq_length": 7, "do_lower_case": True}}, 7, True),
        (
            {
                "modules.json": [
                    {"type": "sentence_transformers.models.Transformer", "path": "0_Transformer"}
                ],
                "0_Transformer/sentence_bert_config.json": {"max_seq_length": 6, "do_lower_case": True},
                "sentence_bert_config.json": {"max_seq_length": 9},
            },
            6,
            True,
        ),
    ],
)
def test_what_is_read_of_a_text_fits_the_model(tmp_path: Path, settings, longest: int, lower: bool) -> None:
    folder = EncoderFolder.read(write_encoder(tmp_path, settings=settings))
    assert (folder.longest, folder.lower) == (longest, lower)


def test_a_tokenizer_with_pieces_that_the_model_lacks_is_refused(tmp_path: Path) -> None:
    from onnx import numpy_helper

    few = numpy_helper.from_array(np.ones((len(ROWS) - 1, 3), np.float32), "rows")
    folder = write_encoder(tmp_path, content=model_bytes(rows=few))
    refused(lambda: OnnxEncoder(folder), FormatError, r"does not read piece 8 of its tokenizer\.json")


def test_an_encoder_is_pickled_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_encoder(tmp_path / "enc")
    monkeypatch.chdir(tmp_path)
    packed = pickle.dumps(OnnxEncoder("enc"))
    monkeypatch.chdir("/")
    assert pickle.loads(packed).encode(["hail"]).shape == (1, 3)


def test_a_repository_in_the_cache_of_the_hub_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    write_encoder(tmp_path / "snapshots" / "abc" / ".")
    refused(lambda: OnnxEncoder(tmp_path), FormatError, r"hub's cache: name .*snapshots/abc")


@pytest.mark.parametrize("texts", [["rain"], ["hail", "rain", "roof"] * 3])
def test_a_model_that_never_ends_is_ended(tmp_path: Path, texts: list[str]) -> None:
    """By Ctrl-C in the main thread, and where another thread waits, as in a server, by `cancel_all`."""
    encoder = OnnxEncoder(write_encoder(tmp_path, content=endless_model_bytes()))
    assert encoder.encode(["hail roof"]) == pytest.approx(encoder.encode(["roof hail"]))

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        refused(lambda: encoder.encode(texts), KeyboardInterrupt)
    finally:
        signal.signal(signal.SIGALRM, before)

    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(encoder.encode, texts)
        refused(lambda: answer.result(timeout=0.2), TimeoutError)
        for _ in range(300):  # on a busy machine the work may begin after the first call
            cancel_all()
            with suppress(TimeoutError):
                assert answer.exception(timeout=0.1) is not None
                break
        assert answer.done()
