"""The public surface: exactly what `__all__` says, documented, and Refiner in scikit-learn's manners."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted
from tests.heard import Heard
from tests.places import ROOT
from tests.refusals import refused
from tests.rows import normal_vectors

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data import run as record
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows


def test_all_is_exact_and_documented() -> None:
    assert selfvec.__all__ == sorted(selfvec.__all__)
    for name in selfvec.__all__:
        assert getattr(selfvec, name) is not None
        if name != "__version__":
            assert getattr(selfvec, name).__doc__
    refused(lambda: selfvec.nonsense, AttributeError)


def test_type_checkers_see_all_names() -> None:
    seen = re.findall(r"^    from \S+ import \w+ as (\w+)$", inspect.getsource(selfvec), re.MULTILINE)
    assert sorted(seen) == selfvec.__all__


def test_the_page_on_the_api_names_all_that_is_public() -> None:
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    rows = re.findall(r"^\| .*? \| (.*) \|$", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named | {"__version__"} == set(selfvec.__all__)


def test_every_module_says_why_it_exists_and_exports_what_is_there() -> None:
    for info in pkgutil.walk_packages(selfvec.__path__, "selfvec."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        assert module.__doc__, info.name
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{info.name}.{name}"


def test_docstrings_of_public_functions_say_what_is_returned_and_know_no_command_line() -> None:
    of_commands = re.compile(
        r"command line|exit status|Ctrl-C|standard input|on a terminal|In Python|selfvec [a-z]+ [a-z]"
        r"|(?<![\w-])--[a-z]"
    )
    for name in selfvec.__all__:
        assert not (found := of_commands.search(inspect.getdoc(getattr(selfvec, name)) or "")), (name, found)
    for function in filter(inspect.isfunction, [getattr(selfvec, name) for name in selfvec.__all__]):
        doc = inspect.getdoc(function) or ""
        for section in ("Returns", "Raises", "Examples"):
            assert f"\n{section}\n{'-' * len(section)}\n" in doc or section == returned_by(function), function
        assert ">>> " in doc, function


def returned_by(function: Callable[..., Any]) -> str:
    """ "Returns" for a function that returns nothing."""
    return "Returns" if inspect.signature(function).return_annotation == "None" else ""


def test_methods_of_runs_and_vectors_have_an_example() -> None:
    """The functions that are methods of a run have it as functions, see above."""
    for kind in (record.Run, selfvec.Run, selfvec.Vectors):
        for name in dir(kind):
            found = inspect.getattr_static(kind, name)
            method = getattr(found, "__func__", found)
            if inspect.isfunction(method) and not name.startswith("_") and name not in NOT_FOR_USERS:
                assert ">>> " in (inspect.getdoc(method) or ""), (kind, name)


NOT_FOR_USERS = {"changing", "of", "register_files", "replace_matrix"}  # which join the rooms


def test_core_dependencies_are_those_the_core_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    heavy = {"vl-convert-python", "networkx", "scikit-learn", "torch", "spacy", "gensim", "dask"}
    named = {requirement.split(">")[0].split("[")[0] for requirement in project["dependencies"]}
    assert not named & heavy


def test_fit_from_texts_and_vectors(storms: list[str]) -> None:
    words = ["hail", "storm", "wind", "roofs", "tornado"]
    table = normal_vectors(words, 16)
    model = selfvec.Refiner("paper", window=5, learning_rate=0.05, history="every:1").fit(storms, table)
    assert set(words) <= set(model.vectors_.index_to_key)
    original = model.original_
    assert_allclose(original["hail"], unit_rows(table["hail"][None])[0], atol=1e-6)
    assert original.sources[original.key_to_index["hail"]] == Source.KNOWN
    assert original.sources[original.key_to_index["village"]] == Source.NONE
    assert not original["village"].any()
    assert model.vectors_["village"].any()
    path = model.trajectory("hail")
    assert len(path) == model.vectors_.counts[model.vectors_.key_to_index["hail"]] + 1
    assert_allclose(path.vectors[-1], model.vectors_["hail"], atol=1e-6)
    assert model.health_["types"] == len(model.vectors_)


def test_none_in_the_place_of_labels_is_the_default_table() -> None:
    texts = ["hail fell on the roof", "the roof broke under hail"]
    plain = selfvec.Refiner("original").fit(texts).original_
    assert Source.RANDOM not in plain.sources
    pipeline = Pipeline([("vectors", selfvec.Refiner("original"))]).fit(texts)
    for same in (selfvec.Refiner("original").fit(texts, None).original_, pipeline[-1].original_):
        assert_array_equal(same.vectors, plain.vectors)
    random = selfvec.Refiner("original").fit(texts, vectors="none")
    assert set(random.original_.sources) == {Source.RANDOM}
    assert random.run_.provenance["vectors"] == {"name": "none"}


def test_refiner_is_a_scikit_learn_estimator() -> None:
    given = {"method": "paper", "window": 5, "pos": ["noun"]}
    model = selfvec.Refiner(**given)
    assert repr(model) == "Refiner(method='paper', window=5, pos=['noun'])"
    assert {name: model.get_params()[name] for name in given} == given
    assert model.get_params().keys() == {field.name for field in fields(Settings)} | {"encoder"}
    copy = clone(model).set_params(window=7, epochs=2)
    assert (copy.window, copy.epochs, model.window) == (7, 2, 5)
    refused(lambda: check_is_fitted(model), NotFittedError)
    for name in ("run_", "vectors_", "original_", "health_", "drift_"):
        assert not hasattr(model, name)
        refused(lambda: getattr(model, name), AttributeError, f"{name} exists only after fitting; call fit")
    fitted = selfvec.Refiner("original").fit(["hail fell on the roof", "the roof broke under hail"])
    check_is_fitted(fitted)
    assert fitted.drift_ is fitted.drift_


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_refiner_passes_the_checks_of_scikit_learn_that_need_no_table_of_numbers(check: str) -> None:
    getattr(estimator_checks, check)("Refiner", selfvec.Refiner("decorrelated"))


def test_refiner_documents_every_parameter_and_has_typed_ones() -> None:
    signature = inspect.signature(selfvec.Refiner)
    assert list(signature.parameters) == [*(field.name for field in fields(Settings)), "encoder"]
    for parameter in signature.parameters.values():
        assert parameter.annotation is not parameter.empty
        assert f"\n{parameter.name} : " in (inspect.getdoc(selfvec.Refiner) or "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"windw": 5}, "windw: there is no such option; did you mean window?"),
        ({"method": "papr"}, "method: is one of auto, paper, .*, not 'papr'"),
        ({"method": "paper", "passes": 4}, "passes: the method paper does not use it; .* decorrelated"),
        ({"method": "decorrelated", "learning_rate": 0.1}, "learning_rate: the method decorrelated does not"),
        ({"method": "original", "anchor": 1}, "anchor: the method original does not use it"),
        ({"pos": ["nouns"]}, "pos: is one of noun, .*, not 'nouns'"),
    ],
)
def test_wrong_parameters_are_named(options, said) -> None:
    refused(lambda: selfvec.Refiner(**options), OptionError, said)
    if "windw" not in options:
        refused(lambda: selfvec.Refiner().set_params(**options).fit(["hail"]), OptionError, said)


def test_an_unused_option_at_its_default_is_no_error() -> None:
    assert selfvec.Refiner("paper", passes=2, anchor=None).passes == 2
    assert selfvec.Refiner("auto", passes=4, epochs=3).epochs == 3


def test_progress_is_shown_where_it_is_asked_for(storms: list[str], capsys) -> None:
    heard = Heard()
    for progress in (None, False, True, heard):
        selfvec.Refiner("paper").fit(storms[:9], "none", progress=progress)
    assert list(heard.stages) == ["Reading", "Refining"]
    assert capsys.readouterr().out == ""


def test_labels_are_ignored_and_are_one_for_each_document(storms: list[str]) -> None:
    labels = ["storm", "flood"] * (len(storms) // 2)
    plain = selfvec.Refiner("original").fit(storms)
    for given in (labels, np.arange(len(storms))):
        model = selfvec.Refiner("original").fit(storms, given)
        assert_array_equal(model.vectors_.vectors, plain.vectors_.vectors)
    refused(
        lambda: selfvec.Refiner().fit(storms, [0, 1]),
        OptionError,
        r"^vectors: is a Vectors, .* not int; .* one for each document",
    )


def test_subwords_start_words_unless_zero_is_asked_for(storms: list[str]) -> None:
    def compose(words):
        return np.array([[len(word), 1.0] for word in words], np.float32)

    table = Vectors(["hail"], np.array([[1, 0]], np.float32), composer=compose)
    composed = selfvec.Refiner().fit(storms, table).original_
    assert set(composed.sources) == {Source.KNOWN, Source.SUBWORDS}
    zero = selfvec.Refiner(oov="zero").fit(storms, table).original_
    assert set(zero.sources) == {Source.KNOWN, Source.NONE}


def test_errors_read_as_place_rule_remedy() -> None:
    error = InputError("a rule", path="f.csv", line=3, field="text", remedy="correct it")
    assert str(error) == "f.csv:3: field 'text': a rule; correct it"
    assert isinstance(error, ValueError)


HEAVY = (
    "numba polars numpy altair sklearn scipy pandas networkx umap vl_convert rich click fastapi mcp dask "
    "onnxruntime tokenizers"
)


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import selfvec", ""),
        ("from selfvec.apps.cli import main; main(['--version'])", "click"),
        ("import selfvec.corpus", ""),
        (
            "import selfvec; selfvec.refine(['hail fell', 'wind'], 'none', 'paper')",
            "numba numpy polars scipy",
        ),
        ("from selfvec.corpus import as_corpus; as_corpus(['x y'])", "numpy polars"),
        ("from selfvec.storage.formats import load; load('default')", "numpy tokenizers"),
        ("import selfvec; selfvec.open('default'); selfvec.similar('default', 'storm')", "numpy tokenizers"),
        ("import selfvec; selfvec.convert, selfvec.retrofit, selfvec.health, selfvec.info", "numpy"),
        ("import selfvec.analysis.views.path_figures, selfvec.analysis.views.graphs", "numpy"),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, needed: str) -> None:
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not set(HEAVY.split()) - set(needed.split()) & set(loaded)


def test_evaluating_imports_no_refiner() -> None:
    code = "import sys, selfvec.lab.evaluation; selfvec.evaluate; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in loaded.split() if name.startswith("selfvec.refinement.")]
