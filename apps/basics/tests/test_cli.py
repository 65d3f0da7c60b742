"""The command as a user sees it: its lines, its picture, one line of error and exit code 2."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from minitorch_basics.cli import main

SMALL = ("train", "--points", "10", "--hidden", "3", "--epochs", "25", "--layer", "tensor")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Result]


@pytest.fixture
def basics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`basics("train", "--epochs", "1")` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return Result(exit_.value.code, out, err)

    return call


def test_a_training_prints_every_tenth_epoch_and_the_last_and_draws(basics: Call) -> None:
    result = basics(*SMALL)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    epochs = [re.fullmatch(r"Epoch (\d+) loss \d+\.\d+ correct \d+", line) for line in lines[:-1]]
    assert [match and match[1] for match in epochs] == ["10", "20", "25"]
    assert re.fullmatch(
        r"\d+ of 10 points on the right side after 25 epochs; drawn in xor-tensor.png", lines[-1]
    )
    assert Path("xor-tensor.png").read_bytes().startswith(b"\x89PNG")
    assert os.listdir() == ["xor-tensor.png"]


@pytest.mark.parametrize("dataset", ["simple", "diag", "split", "circle", "spiral"])
def test_every_set_is_drawn_where_one_likes(basics: Call, dataset: str) -> None:
    assert basics(*SMALL, "--dataset", dataset, "--epochs", "1", "--plot", "here.png").code == 0
    assert os.listdir() == ["here.png"]


def test_points_of_one_class_are_drawn_too(basics: Call) -> None:
    assert basics(*SMALL, "--points", "1").code == 0


def test_a_picture_is_replaced(basics: Call) -> None:
    Path("xor-tensor.png").write_bytes(b"old")
    assert basics(*SMALL).code == 0
    assert Path("xor-tensor.png").read_bytes().startswith(b"\x89PNG")


BAD = {
    "dataset": (["--dataset", "Moons"], "no dataset 'Moons'; there are: Simple, Diag,"),
    "layer": (["--layer", "gpu"], "no layer 'gpu'; there are: scalar, tensor, fast"),
    "points": (["--points", "0"], "points must be at least 1, got 0"),
    "hidden": (["--hidden", "-1"], "hidden must be at least 1, got -1"),
    "epochs": (["--epochs", "0"], "epochs must be at least 1, got 0"),
    "epochs x": (["--epochs", "x"], "'--epochs'"),
    "rate": (["--rate", "nan"], "rate must be a positive number, got nan"),
    "rate 0": (["--rate", "0"], "rate must be a positive number, got 0.0"),
    "rate huge": (["--rate", "1e200"], "is too high, try a smaller --rate"),
    "odd": (["--dataset", "Spiral", "--points", "9"], "spiral: N must be even"),
    "no folder": (["--plot", "no/x.png"], "--plot no/x.png: there is no folder no"),
    "a folder": (["--plot", "."], "--plot .: this is a folder"),
    "below a file": (["--plot", "file/x.png"], "there is no folder file"),
    "option": (["--speed", "9"], "No such option: --speed"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2_and_leaves_nothing(basics: Call, case: str) -> None:
    options, message = BAD[case]
    Path("file").write_text("mine")
    result = basics(*SMALL, *options)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert message in result.err
    assert os.listdir() == ["file"]
    assert Path("file").read_text() == "mine"


def test_a_picture_that_cannot_be_written_leaves_the_old_one(
    basics: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("xor-tensor.png").write_bytes(b"old")
    monkeypatch.setattr(os, "replace", fail)
    result = basics(*SMALL)
    assert result.code == 2
    assert result.err == "error: cannot write xor-tensor.png: No space left on device\n"
    assert Path("xor-tensor.png").read_bytes() == b"old"
    assert os.listdir() == ["xor-tensor.png"]


def test_help_is_printed_without_arguments(basics: Call) -> None:
    for arguments in ((), ("--help",), ("train", "--help")):
        result = basics(*arguments)
        assert result.code == 0
        assert "train" in result.out
