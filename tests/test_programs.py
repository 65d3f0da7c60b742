"""Ordinary PyTorch programs give PyTorch's numbers when `torch` is minitorch.

Weights, shuffles and masks are equal bit for bit from one seed; sums are rounded elsewhere, so the
losses part slowly: hence the tolerance.
"""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import minitorch

from .programs import autoencoder, characters, charlstm, gpt, lenet, logistic, mlp, penalty

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity


@pytest.mark.parametrize("device", ["numpy", "cpu"])
@pytest.mark.parametrize(
    "program",
    [lenet, mlp, autoencoder, logistic, characters, penalty, charlstm, gpt],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_an_ordinary_program_gives_the_losses_of_torch(
    program: ModuleType, device: str, tmp_path: Path
) -> None:
    theirs = program.run(torch, "cpu", tmp_path)
    ours = program.run(minitorch, device, tmp_path)
    assert len(ours) >= 30
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
