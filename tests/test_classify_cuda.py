"""`classify` on the GPU layer, in the simulator: the app's own tests run without that layer."""

import re
from pathlib import Path

import pytest

from minitorch_classifier.checkpoint import Checkpoint
from minitorch_classifier.cli import main

FEW = ("--model", "mlp", "--samples", "2", "--epochs", "1")


def classify(*arguments: str) -> int:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


def test_a_training_on_cuda_has_the_losses_of_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINITORCH_CUDA", "simulator")
    assert classify("train", *FEW, "--device", "cuda", "--name", "on-cuda") == 0
    out = capsys.readouterr().out
    assert "cuda is simulated here, thread by thread: it takes minutes" in out
    assert re.search(r"test accuracy: \d+\.\d%\n\Z", out)
    on_cuda = Checkpoint.load(Path("runs", "on-cuda")).history
    assert classify("train", *FEW, "--device", "numpy", "--name", "on-numpy") == 0
    (one,), (other,) = on_cuda, Checkpoint.load(Path("runs", "on-numpy")).history
    assert one.loss == pytest.approx(other.loss, rel=1e-4)
    capsys.readouterr()
    assert classify("evaluate", "on-cuda") == 0
    assert "2 test images" in capsys.readouterr().out
