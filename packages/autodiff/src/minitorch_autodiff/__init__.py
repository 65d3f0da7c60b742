"""Layer 1, the engine: a graph of nodes over any value type, walked once in reverse.

`Scalar` is the smallest such value, a float; `minitorch_tensor` makes another, the `Tensor`.
"""

from typing import TYPE_CHECKING

from minitorch_autodiff import later
from minitorch_autodiff.anomaly import (
    detect_anomaly,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from minitorch_autodiff.delayed import DelayedError
from minitorch_autodiff.engine import (
    Walk,
    backward,
    current_walk,
    references_when_alone,
    youngest_first,
)
from minitorch_autodiff.graph import Differentiable, Hook, Many, Node, Output, next_sequence
from minitorch_autodiff.handle import RemovableHandle
from minitorch_autodiff.linear import LinearNode, record_linear
from minitorch_autodiff.methods import Pointwise
from minitorch_autodiff.mode import (
    GradMode,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from minitorch_autodiff.pointwise import (
    BinaryNode,
    TernaryNode,
    UnaryNode,
    record_binary,
    record_ternary,
    record_unary,
)
from minitorch_autodiff.saved import Saved
from minitorch_autodiff.variable import AccumulateGrad, Variable

if TYPE_CHECKING:
    from minitorch_autodiff.check import central_difference, gradcheck, gradgradcheck
    from minitorch_autodiff.course import (
        Context,
        ScalarFunction,
        ScalarHistory,
        backpropagate,
        derivative_check,
        topological_sort,
    )
    from minitorch_autodiff.differences import (
        Components,
        GradcheckError,
        check_backward,
        check_double_backward,
    )
    from minitorch_autodiff.drawing import Drawing, dot, draw, drawing_of
    from minitorch_autodiff.neuron import MLP, Layer, Neuron
    from minitorch_autodiff.scalar import Scalar, grad
    from minitorch_autodiff.scalar_functions import (
        EQ,
        LT,
        Add,
        Exp,
        Inv,
        Log,
        Mul,
        Neg,
        ReLU,
        Sigmoid,
    )
else:  # imported at their first use: an engine of tensors needs none of them
    __getattr__, __dir__ = later.attributes(
        __name__,
        later.homes(
            __name__,
            {
                "check": "central_difference gradcheck gradgradcheck",
                "course": (
                    "Context ScalarFunction ScalarHistory backpropagate derivative_check "
                    "topological_sort"
                ),
                "differences": "Components GradcheckError check_backward check_double_backward",
                "drawing": "Drawing dot draw drawing_of",
                "neuron": "MLP Layer Neuron",
                "scalar": "Scalar grad",
                "scalar_functions": "EQ LT Add Exp Inv Log Mul Neg ReLU Sigmoid",
            },
        ),
    )

__all__ = [
    "EQ",
    "LT",
    "MLP",
    "AccumulateGrad",
    "Add",
    "BinaryNode",
    "Components",
    "Context",
    "DelayedError",
    "Differentiable",
    "Drawing",
    "Exp",
    "GradMode",
    "GradcheckError",
    "Hook",
    "Inv",
    "Layer",
    "LinearNode",
    "Log",
    "Many",
    "Mul",
    "Neg",
    "Neuron",
    "Node",
    "Output",
    "Pointwise",
    "ReLU",
    "RemovableHandle",
    "Saved",
    "Scalar",
    "ScalarFunction",
    "ScalarHistory",
    "Sigmoid",
    "TernaryNode",
    "UnaryNode",
    "Variable",
    "Walk",
    "backpropagate",
    "backward",
    "central_difference",
    "check_backward",
    "check_double_backward",
    "current_walk",
    "derivative_check",
    "detect_anomaly",
    "dot",
    "draw",
    "drawing_of",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "next_sequence",
    "no_grad",
    "record_binary",
    "record_linear",
    "record_ternary",
    "record_unary",
    "references_when_alone",
    "set_detect_anomaly",
    "set_grad_enabled",
    "topological_sort",
    "youngest_first",
]
