"""Layer 1 under its course name: numbers that remember their history, and nets of them."""

from minitorch_autodiff import (
    MLP,
    Context,
    Layer,
    Neuron,
    Scalar,
    ScalarFunction,
    ScalarHistory,
    backpropagate,
    central_difference,
    derivative_check,
    topological_sort,
)

__all__ = [
    "MLP",
    "Context",
    "Layer",
    "Neuron",
    "Scalar",
    "ScalarFunction",
    "ScalarHistory",
    "backpropagate",
    "central_difference",
    "derivative_check",
    "topological_sort",
]
