"""Layer 1 under its course name: numbers that remember how they were computed, and networks of them."""

from minitorch_autodiff import (
    MLP,
    Layer,
    Neuron,
    Scalar,
    ScalarFunction,
    ScalarHistory,
    central_difference,
    derivative_check,
)

__all__ = [
    "MLP",
    "Layer",
    "Neuron",
    "Scalar",
    "ScalarFunction",
    "ScalarHistory",
    "central_difference",
    "derivative_check",
]
