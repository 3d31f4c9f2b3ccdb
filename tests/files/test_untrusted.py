"""What a library writes to standard error while it reads a file from outside."""

import os

import pytest

from selfvec.files.untrusted import panics_held_back


def test_what_is_written_meanwhile_is_shown_afterwards_unless_it_is_a_panic(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class PanicException(BaseException):
        """As libraries in Rust raise it, after they have written why."""

    with panics_held_back():
        os.write(2, b"a warning")
        assert capfd.readouterr().err == ""
    os.write(2, b" and another")
    assert capfd.readouterr().err == "a warning and another"
    with pytest.raises(PanicException), panics_held_back():
        os.write(2, b"panicked at line 7")
        raise PanicException
    assert capfd.readouterr().err == ""
