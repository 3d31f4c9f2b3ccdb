"""`transform`: what every method keeps to, and principal axes."""

from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.base.declarations import declared
from selfvec.base.errors import OptionError, flag
from selfvec.data.vectors import Vectors
from selfvec.transforms import TRANSFORMS, make_transform, transform
from selfvec.transforms.method import Transform


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_method_is_documented_and_its_options_are_those_of_its_row(name: str) -> None:
    row = TRANSFORMS[name]
    assert issubclass(row.method, Transform)
    assert row.method.__doc__
    said = declared(row.method)
    shown = ran(["vectors", name, "--help"]).out
    assert said.summary in shown
    for one in said.parameters.values():
        assert one.help or one.name == "progress"
        assert one.seldom or one.name == "progress" or one.name == "seed" or flag(one.name) in shown


def test_unknown_methods_and_options_are_refused_with_the_names_that_work() -> None:
    refused(lambda: make_transform("nonsense"), OptionError, "principal-axes")
    refused(lambda: make_transform("principal-axes", nonsense=1), OptionError, "nonsense")


def test_all_principal_axes_keep_every_cosine_and_some_keep_the_most() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32) * [4, 3, 2, 1, 1, 1, 1, 1]
    table = Vectors([f"w{i}" for i in range(50)], rows.astype(np.float32))
    whole, half = transform(table, "principal-axes"), transform(table, "principal-axes", dimensions=4)
    np.testing.assert_allclose(whole.unit @ whole.unit.T, table.unit @ table.unit.T, atol=1e-5)
    np.testing.assert_array_equal(whole.vectors[:, :4], half.vectors)  # any prefix is the shorter table
    refused(lambda: transform(table, "principal-axes", dimensions=9), OptionError, "1 to 8")


def test_the_command_writes_the_table_and_reports_in_json(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).standard_normal((9, 6)).astype(np.float32)
    selfvec.save(Vectors([f"w{i}" for i in range(9)], rows), tmp_path / "in.vec")
    given = [str(tmp_path / "in.vec"), str(tmp_path / "out.safetensors")]
    found = ran(["vectors", "principal-axes", *given, "--dimensions", "2", "--json"]).json
    assert (found["words"], found["dimensions"]) == (9, 2)
    assert 0 < found["variance_kept"] < 1
    assert selfvec.load(tmp_path / "out.safetensors").vectors.shape == (9, 2)
    assert "did you mean selfvec vectors principal-axes?" in ran(["vectors", "principal-axis", *given], 2).err
