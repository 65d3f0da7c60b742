"""What tests beside PyTorch share."""

import pytest

import minitorch

torch = pytest.importorskip("torch")


def both_seeded(seed: int) -> None:
    torch.manual_seed(seed)
    minitorch.manual_seed(seed)


def same_generator() -> bool:
    ours = minitorch.get_rng_state().numpy()
    return bool((ours == torch.get_rng_state().numpy()).all())
