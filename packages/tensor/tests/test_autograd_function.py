"""`autograd.Function`: what forward and backward may do, and what they may not."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

import minitorch_tensor as mt
from minitorch_tensor import Tensor
from minitorch_tensor.autograd import backward_of, grad
from minitorch_tensor.autograd_function import Function, once_differentiable
from minitorch_tensor.autograd_function_node import FunctionCtx, FunctionNode


def leaf(*values: float) -> Tensor:
    return mt.tensor(list(values), requires_grad=True)


class Cube(Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * 3.0 * x * x


class Exp(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return g * y


class SplitScale(Function):
    """Two outputs, one of them saved; an argument that is no tensor."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, k: float) -> tuple[Tensor, Tensor]:
        y = x * x
        ctx.save_for_backward(x, None, y)
        ctx.k = k
        return x * k, y

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor, h: Tensor) -> tuple[Tensor, None]:
        x, gap, _y = ctx.saved_tensors
        assert gap is None
        k = ctx.k
        assert isinstance(k, float)
        return g * k + h * 2.0 * x, None


class Double(Function):
    """Writes into its input."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
        return g * 2


class Given(Function):
    """Whatever the test wants."""

    run: Callable[[FunctionCtx, Tensor], object]
    back: Callable[..., object]

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, k: object = None) -> object:
        return Given.run(ctx, x)

    @staticmethod
    def backward(ctx: FunctionCtx, *g: Tensor | None) -> object:
        return Given.back(*g)


def given(
    run: Callable[[FunctionCtx, Tensor], object],
    x: Tensor,
    back: Callable[..., object] | None = None,
) -> Tensor:
    Given.run = staticmethod(run)
    Given.back = staticmethod(back or (lambda g: (g, None)))
    y = Given.apply(x, None)
    assert isinstance(y, Tensor)
    return y


# ---- what works --------------------------------------------------------------------------------


def test_the_classes_own_backward_is_used() -> None:
    x = leaf(1.0, 2.0)
    y = Cube.apply(x)
    assert y.requires_grad
    assert isinstance(y.grad_fn, FunctionNode)
    assert y.grad_fn.name() == "CubeBackward"
    assert y.grad_fn.needs_input_grad == (True,)
    assert y.grad_fn.saved_tensors[0] is x
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3.0, 12.0]


def test_backward_is_recorded_for_second_derivatives() -> None:
    for function, second in ((Cube, 12.0), (Exp, mt.tensor(2.0).exp().item())):
        x = leaf(2.0)
        (g,) = grad(function.apply(x).sum(), x, create_graph=True)
        assert g is not None
        (h,) = grad(g.sum(), x, create_graph=True)
        assert h is not None
        assert h.item() == pytest.approx(second)


def test_several_outputs_get_a_gradient_each() -> None:
    x = leaf(1.0, 2.0)
    a, b = SplitScale.apply(x, 10.0)
    (a.sum() + 3 * b.sum()).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [16.0, 22.0]
    assert a.grad_fn is not None
    assert a.grad_fn.name() == "SplitScaleBackward"
    assert a.grad_fn.next_functions[0][1] == 0


def test_outputs_that_no_gradient_reached_get_zeros_or_none() -> None:
    seen: list[object] = []

    def back(*grads: Tensor | None) -> tuple[object, None]:
        seen.extend(None if g is None else g.tolist() for g in grads)
        return grads[0], None

    def both(ctx: FunctionCtx, x: Tensor) -> object:
        return x * 2, x.sum(), x.long(), "text"

    def kept(ctx: FunctionCtx, x: Tensor) -> object:
        ctx.set_materialize_grads(False)
        return x * 2, x.sum()

    x = leaf(1.0, 2.0)
    for run in (both, kept):
        Given.run, Given.back = staticmethod(run), staticmethod(back)
        outputs = Given.apply(x)
        assert isinstance(outputs, tuple)
        outputs[0].sum().backward()
    assert seen == [[1.0, 1.0], 0.0, [0, 0], None, [1.0, 1.0], None]


def test_setup_context_may_be_apart_and_arguments_named() -> None:
    class Scale(Function):
        @staticmethod
        def forward(x: Tensor, k: float = 3.0) -> Tensor:
            return x * k

        @staticmethod
        def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor, float], output: Tensor) -> None:
            ctx.save_for_backward(inputs[0], output)
            ctx.k = inputs[1]

        @staticmethod
        def backward(ctx: FunctionCtx, g: Tensor) -> tuple[Tensor, None]:
            k = ctx.k
            assert isinstance(k, float)
            return g * k, None

    x = leaf(1.0)
    for y, slope in ((Scale.apply(x), 3.0), (Scale.apply(x=x, k=4.0), 4.0)):
        (g,) = grad(y, x)
        assert g is not None
        assert g.item() == slope


def test_nothing_is_recorded_where_nothing_requires_grad() -> None:
    seen: list[tuple[bool, ...]] = []

    def run(ctx: FunctionCtx, x: Tensor) -> Tensor:
        seen.append(ctx.needs_input_grad)
        assert not mt.is_grad_enabled()
        return x * 2

    assert given(run, mt.ones(2)).grad_fn is None
    with mt.no_grad():
        assert given(run, leaf(1.0)).grad_fn is None
    assert given(run, leaf(1.0)).requires_grad
    assert seen == [(False, False), (True, False), (True, False)]


def test_an_input_that_is_returned_is_a_view_with_history() -> None:
    x = leaf(1.0, 2.0)
    y = given(lambda ctx, x: x, x, lambda g: (g * 5, None))
    assert y is not x
    assert y.data_ptr() == x.data_ptr()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [5.0, 5.0]


def test_an_input_that_is_returned_unrecorded_is_a_constant() -> None:
    x = leaf(1.0)
    with mt.no_grad():
        y = given(lambda ctx, x: x, x)
    assert y is not x
    assert not y.requires_grad
    assert y.data_ptr() == x.data_ptr()
    plain = mt.ones(2)
    assert Double.apply(plain) is plain
    assert plain.tolist() == [2.0, 2.0]


def test_integers_can_be_written_beside_what_is_recorded() -> None:
    class Count(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, x: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
            ctx.mark_dirty(n)
            return x * 2, n.add_(1)

        @staticmethod
        def backward(ctx: FunctionCtx, g: Tensor, h: Tensor) -> tuple[Tensor, None]:
            return g * 2, None

    n = mt.zeros(1, dtype=mt.int64)
    y, m = Count.apply(leaf(1.0), n)
    assert m is n
    assert (y.requires_grad, n.tolist()) == (True, [1])


def test_outputs_can_be_marked_as_constants() -> None:
    def run(ctx: FunctionCtx, x: Tensor) -> Tensor:
        y = x.floor()
        ctx.mark_non_differentiable(y)
        return y

    assert not given(run, leaf(1.5)).requires_grad
    assert not given(lambda ctx, x: x.long(), leaf(1.5)).requires_grad


def test_an_input_can_be_written_in_place() -> None:
    x = leaf(1.0, 2.0)
    y = x * 1
    assert Double.apply(y) is y
    (y * y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [8.0, 16.0]


def test_a_view_can_be_written_in_place() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    Double.apply(y[:2])
    (y * y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [8.0, 16.0, 6.0]


def test_gradients_are_summed_and_cast_to_the_input() -> None:
    x = leaf(1.0, 2.0)
    given(
        lambda ctx, x: x * 1, x, lambda g: (mt.ones(5, 2, dtype=mt.float64), None)
    ).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [5.0, 5.0]
    assert x.grad.dtype is mt.float32


def test_operations_after_a_write_into_a_fresh_output_are_seen() -> None:
    x = leaf(1.0, 2.0)
    y = given(lambda ctx, x: (x * 2).view(1, 2), x, lambda g: (g.view(2) * 2, None))
    y[0, 0] = 0.0
    y.mul_(3)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 6.0]


# ---- what is an error --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            lambda g: g,
            r"GivenBackward returned an incorrect number of gradients \(expected 2, .*1\)",
        ),
        (lambda g: (), r"expected 2, .* got 0\)"),
        (lambda g: (g, None, g), r"expected 2, .* got 3\)"),
        (lambda g: [g, None], r"expected 2, .* got 1\)"),
        (lambda g: (g, g), "a gradient different than None at position 2"),
        (lambda g: (3.0, None), r"expected Variable or None \(got float\)"),
        (
            lambda g: (mt.ones(2), None),
            r"index 0 - got \[2\] but expected shape compatible with \[3\]",
        ),
        (lambda g: (g.sum(), None), r"got \[\] but expected shape compatible with \[3\]"),
        (lambda g: (g.to("numpy"), None), "expected device cpu but got numpy"),
    ],
)
def test_wrong_gradients(returned: Callable[..., object], message: str) -> None:
    y = given(lambda ctx, x: x * 2, leaf(1.0, 2.0, 3.0), returned)
    with pytest.raises(RuntimeError, match=message):
        y.sum().backward()


def test_more_nones_than_arguments_are_let_be() -> None:
    x = leaf(1.0)
    given(lambda ctx, x: x * 2, x, lambda g: (g, None, None)).backward()
    assert x.grad is not None


def test_a_function_needs_forward_and_backward() -> None:
    class Empty(Function):
        pass

    class Half(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
            return x * 2

    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        Empty.apply(leaf(1.0))
    y = Half.apply(leaf(1.0))
    with pytest.raises(NotImplementedError, match="You must implement either the backward"):
        y.backward()


def test_only_tensors_can_be_saved() -> None:
    def run(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x, 3)  # type: ignore[arg-type]
        return x

    with pytest.raises(TypeError, match="can only save tensors, but argument 1 is of type int"):
        given(run, leaf(1.0))


def test_a_list_would_lose_its_history() -> None:
    with pytest.raises(
        TypeError, match=r"Given\.forward returned a list.*return a Tensor or a tuple"
    ):
        given(lambda ctx, x: [x * 2], leaf(1.0))


def test_saved_tensors_are_guarded() -> None:
    x = leaf(1.0) * 1
    y = Cube.apply(x)
    x.mul_(2)
    with pytest.raises(
        RuntimeError, match="CubeBackward saved is at version 1; expected version 0"
    ):
        y.backward()
    z = Exp.apply(leaf(1.0))
    z.mul_(2)
    with pytest.raises(RuntimeError, match="ExpBackward saved is at version 1; expected version 0"):
        z.backward()


def test_saved_tensors_are_freed() -> None:
    x = leaf(1.0)
    y = Cube.apply(x)
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_dirty_inputs_must_be_returned_and_be_no_leaf() -> None:
    def loses(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        return x.mul_(2) * 1

    with pytest.raises(RuntimeError, match=r"marked as dirty .* were not returned as output"):
        given(loses, leaf(1.0) * 1)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        Double.apply(leaf(1.0))
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        Double.apply(leaf(1.0, 2.0)[:1])


@pytest.mark.parametrize("write", ["output", "view of the output", "input", "view of the input"])
def test_a_view_that_a_function_made_cannot_be_written(write: str) -> None:
    x = leaf(1.0, 2.0) * 1
    y = given(lambda ctx, x: x.view(1, 2), x, lambda g: (g.view(2), None))
    target = {
        "output": y, "view of the output": y[0], "input": x, "view of the input": x[:1],
    }[write]  # fmt: skip
    message = "the output of GivenBackward is a view and is being modified inplace.*clone"
    with pytest.raises(RuntimeError, match=message):
        target.mul_(2)
    assert y.tolist() == [[1.0, 2.0]]
    del y, target
    x.mul_(2)  # nobody sees it any more


def test_outputs_that_share_memory_cannot_be_written() -> None:
    def run(ctx: FunctionCtx, x: Tensor) -> object:
        y = x * 2
        return y, y.view(-1)

    Given.run, Given.back = staticmethod(run), staticmethod(lambda g, h: (g + h, None))
    x = leaf(1.0)
    outputs = Given.apply(x)
    assert isinstance(outputs, tuple)
    for y in outputs:
        with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
            y.mul_(2)
    backward_of(list(outputs))
    assert x.grad is not None
    assert x.grad.item() == 2.0


def test_once_differentiable() -> None:
    class Once(Function):
        @staticmethod
        def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx: FunctionCtx, g: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            assert not mt.is_grad_enabled()
            return g * 2 * x

    x = leaf(3.0)
    (g,) = grad(Once.apply(x), x)
    assert g is not None
    assert not g.requires_grad
    (g,) = grad(Once.apply(x), x, create_graph=True)
    assert g is not None
    assert g.item() == 6.0
    with pytest.raises(RuntimeError, match="marked with @once_differentiable: OnceBackward"):
        g.backward()


# ---- what holds what ---------------------------------------------------------------------------


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("function", [Cube, Exp, SplitScale, Double])
@pytest.mark.parametrize("walk", [False, True])
@pytest.mark.usefixtures("_no_collector")
def test_nothing_lives_on(function: type[Function], walk: bool) -> None:
    x = leaf(1.0, 2.0)
    args: list[object] = [x * 1] + ([3.0] if function is SplitScale else [])
    result = function.apply(*args)
    ys = [y for y in (result if isinstance(result, tuple) else (result,)) if isinstance(y, Tensor)]
    if walk:
        (g,) = grad(ys[0].sum(), x, create_graph=True)
        backward_of([y.sum() for y in ys])
        assert g is not None
        ys.append(g)
    references = [weakref.ref(y) for y in (x, *ys)]
    nodes = [weakref.ref(y.grad_fn) for y in ys if y.grad_fn is not None]
    del x, args, result, ys
    if walk:
        del g
    assert all(reference() is None for reference in references)
    assert all(node() is None for node in nodes)


def test_a_chain_of_functions_may_be_deep() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = given(lambda ctx, x: x * 1, y)
    y.backward()
    assert x.grad is not None
    assert x.grad.item() == 1.0
