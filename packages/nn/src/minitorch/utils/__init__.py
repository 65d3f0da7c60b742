"""What is needed around training: datasets and their batches."""

from minitorch.utils import data

__all__ = ["data"]
