"""gradcheck and gradgradcheck for tensors: PyTorch's arguments, and the comparison of autodiff."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from minitorch_autodiff import GradcheckError, check_backward, check_double_backward
from minitorch_tensor import conversion, joining, views
from minitorch_tensor import dtype as dtypes
from minitorch_tensor.autograd import grad
from minitorch_tensor.core import Tensor
from minitorch_tensor.data import to_storage

Function = Callable[..., Tensor | Sequence[Tensor]]


class _Elements:
    """The components of a tensor are its elements, in row-major order."""

    def read(self, value: Tensor, /) -> list[float]:
        flat = conversion.host_array(value.detach().to(dtypes.float64)).reshape(-1)
        return [float(number) for number in flat]

    def build(self, like: Tensor, numbers: Sequence[float], requires_grad: bool, /) -> Tensor:
        array = np.array(numbers, dtype=np.float64).reshape(like.shape)
        storage, layout, _ = to_storage(array, like.dtype, like.device)
        y = like._on(storage, layout)
        y.requires_grad = requires_grad and like.dtype.is_floating_point
        return y


def _listed(name: str, values: Tensor | Sequence[Tensor]) -> list[Tensor]:
    xs = [values] if isinstance(values, Tensor) else list(values)
    for i, x in enumerate(xs):
        if isinstance(x, Tensor) and x.requires_grad and x.dtype is not dtypes.float64:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point: it "
                f"is {x.dtype}. {name} will likely fail, since differences have too few digits "
                "then; pass x.double()",
                UserWarning,
                stacklevel=3,
            )
    return xs


def _refuse(name: str, options: dict[str, bool]) -> None:
    """Raise for checks that there is nothing to check of."""
    for option, value in options.items():
        if value:
            raise ValueError(
                f"{name}: {option}=True checks derivatives in forward mode, which there are none "
                "of here; leave it False"
            )


def gradcheck(
    func: Function,
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the derivatives of func agree with central differences.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    Args:
        func: a function of tensors that gives one, or several.
        inputs: where to check, best in float64; derivatives by those that require grad are
            compared, and non-tensors are passed on as they are.
        eps: the step of the differences.
        atol: how far a derivative may be from the difference d: `atol + rtol * abs(d)`.
        rtol: see `atol`.
        raise_exception: raise the error that explains what is wrong; otherwise return False.
        nondet_tol: for PyTorch's sake; backward is computed in the same order each time.
        check_undefined_grad: for PyTorch's sake: each output is differentiated alone anyway, with
            no gradient for the others.
        check_grad_dtypes: for PyTorch's sake: a gradient always has the dtype of its input.
        check_batched_grad: compare the gradients for a batch of seeds with those one by one.
        check_batched_forward_grad: not possible, as `check_forward_ad`.
        check_forward_ad: not possible: there is no forward mode.
        check_backward_ad: False checks nothing.
        fast_mode: check one random combination of the outputs only.
        masked: for PyTorch's sake: there are no sparse tensors.

    Raises:
        ValueError: if no input requires grad, or forward mode is to be checked.
        GradcheckError: if a derivative is wrong, f has a kink here, or f is random.

    >>> from minitorch_tensor import tensor, float64
    >>> x = tensor([0.5, 1.5], dtype=float64, requires_grad=True)
    >>> gradcheck(lambda x: x.exp() * x, x)
    True
    """
    _refuse(
        "gradcheck",
        {
            "check_forward_ad": check_forward_ad,
            "check_batched_forward_grad": check_batched_forward_grad,
        },
    )
    xs = _listed("gradcheck", inputs)
    if not check_backward_ad:
        return True
    try:
        f, tensors = _of_tensors(func, xs)
        check_backward(f, tensors, _Elements(), eps=eps, atol=atol, rtol=rtol, fast_mode=fast_mode)
        if check_batched_grad:
            _check_batched(f, tensors)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the second derivatives of func agree with differences of first ones.

    https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html

    Args:
        func: as in `gradcheck`.
        inputs: as in `gradcheck`.
        grad_outputs: gradients of the outputs to start from; random ones if omitted.
        eps: as in `gradcheck`.
        atol: as in `gradcheck`.
        rtol: as in `gradcheck`.
        gen_non_contig_grad_outputs: begin with gradients that do not lie densely in memory.
        raise_exception: as in `gradcheck`.
        nondet_tol: as in `gradcheck`.
        check_undefined_grad: as in `gradcheck`.
        check_grad_dtypes: as in `gradcheck`.
        check_batched_grad: as in `gradcheck`, of the first derivatives.
        check_fwd_over_rev: not possible: there is no forward mode.
        check_rev_over_rev: False checks nothing.
        fast_mode: a random combination is all that is ever checked.
        masked: as in `gradcheck`.

    Raises:
        ValueError: as `gradcheck`.
        GradcheckError: as `gradcheck`; and if the recorded backward cannot be differentiated.

    >>> from minitorch_tensor import tensor, float64
    >>> gradgradcheck(lambda x: x**3, tensor([0.5], dtype=float64, requires_grad=True))
    True
    """
    _refuse("gradgradcheck", {"check_fwd_over_rev": check_fwd_over_rev})
    xs = _listed("gradgradcheck", inputs)
    gs = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs
    if not check_rev_over_rev:
        return True
    try:
        f, tensors = _of_tensors(func, xs)
        whole = _strided(f) if gen_non_contig_grad_outputs else f
        check_double_backward(
            whole, tensors, _Elements(), grad_outputs=gs, eps=eps, atol=atol, rtol=rtol
        )
        if check_batched_grad:
            _check_batched(f, tensors)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _of_tensors(func: Function, xs: Sequence[Tensor]) -> tuple[Function, list[Tensor]]:
    """The function of the tensors among the inputs, which differ alone, and these.

    Outputs that are constants, or no floating tensors, have no derivatives to check.
    """
    places = [i for i, x in enumerate(xs) if isinstance(x, Tensor)]

    def f(*tensors: Tensor) -> list[Tensor]:
        args = list(xs)
        for i, x in zip(places, tensors, strict=True):
            args[i] = x
        result = func(*args)
        outputs = [result] if isinstance(result, Tensor) else list(result)
        return [y for y in outputs if isinstance(y, Tensor) and y.dtype.is_floating_point]

    return f, [xs[i] for i in places]


def _strided(f: Function) -> Function:
    """f, whose backward gets gradients that do not lie densely: every second element of a pair."""

    def copied(*xs: Tensor) -> list[Tensor]:
        result = f(*xs)
        outputs = [result] if isinstance(result, Tensor) else list(result)
        return [
            views.linear(y, views.clone(y.detach()), "CloneBackward0", _every_second)
            for y in outputs
        ]

    return copied


def _every_second(g: Tensor) -> Tensor:
    return joining.stack([g, g], -1).select(-1, 0)


def _check_batched(f: Function, xs: Sequence[Tensor]) -> None:
    """Compare the gradients for a batch of two seeds with those for each of them."""
    leaves = [x.detach().clone().requires_grad_(x.requires_grad) for x in xs]
    wanted = [x for x in leaves if x.requires_grad]
    result = f(*leaves)
    outputs = [y for y in ([result] if isinstance(result, Tensor) else result) if y.requires_grad]
    if not outputs:
        return
    pairs = [(y._full(y.shape, 1.0, y.dtype), y._full(y.shape, -2.0, y.dtype)) for y in outputs]
    batches = [joining.stack(pair) for pair in pairs]
    together = grad(
        outputs, wanted, batches, retain_graph=True, allow_unused=True, is_grads_batched=True
    )
    for k in range(2):
        alone = grad(
            outputs, wanted, [pair[k] for pair in pairs], retain_graph=True, allow_unused=True
        )
        for i, (a, b) in enumerate(zip(together, alone, strict=True)):
            if a is not None and b is not None and a[k].tolist() != b.tolist():
                raise GradcheckError(
                    f"gradcheck: the gradient of input {i} for a batch of seeds differs from that "
                    f"for seed {k} alone; f's backward depends on something else than its seed"
                )
