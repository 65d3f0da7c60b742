"""What is needed around training: datasets and their batches, and checkpoints of activations."""

from minitorch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
