"""Whole programs of autograd, run here and in PyTorch: the same numbers, or the same error."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import minitorch

Program = Callable[[Any], object]


def x(t: Any) -> Any:
    return t.tensor([0.5, 2.0, -1.0], dtype=t.float64, requires_grad=True)


def made(t: Any, members: dict[str, Any]) -> Any:
    """A subclass of this library's Function."""
    return type("Made", (t.autograd.Function,), members)


def function(t: Any, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """One with these two methods."""
    return made(t, {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def scaled(t: Any, forward: Callable[..., Any], back: Callable[..., Any] | None = None) -> Any:
    """The gradient of the sum of the squares of a Function of x."""
    a = x(t)
    y = function(t, forward, back or (lambda ctx, g: g * 3)).apply(a)
    (y * y).sum().backward()
    return y, a.grad


def save(ctx: Any, a: Any) -> Any:
    ctx.save_for_backward(a)
    return a * a


def use(ctx: Any, g: Any) -> Any:
    (a,) = ctx.saved_tensors
    return 2 * a * g


def dirty(ctx: Any, a: Any) -> Any:
    ctx.mark_dirty(a)
    return a.mul_(2)


def two(ctx: Any, a: Any) -> Any:
    return a * 2, a * 3


def constant(ctx: Any, a: Any) -> Any:
    b = a.floor()
    ctx.mark_non_differentiable(b)
    return a * 2, b


def written(t: Any, view: Callable[[Any], Any]) -> Any:
    a = x(t)
    b = a * 1
    function(t, dirty, lambda ctx, g: g * 2).apply(view(b))
    (b * b).sum().backward()
    return b, a.grad, b._version


def double(t: Any) -> Any:
    a = x(t)
    y = function(t, save, use).apply(a)
    (g,) = t.autograd.grad((y * y).sum(), a, create_graph=True)
    g.sum().backward()
    return g, a.grad


def hooks(t: Any) -> list[object]:
    seen: list[object] = []
    a = x(t)
    b = a * 2
    b.retain_grad()
    a.register_hook(lambda g: seen.append(g.tolist()))
    b.register_hook(lambda g: g * 10)
    a.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
    (b * b).sum().backward()
    return [*seen, b.grad.tolist(), b.retains_grad, a.retains_grad]


def accumulated(t: Any) -> list[object]:
    a, b = x(t), x(t)
    c = a * b
    c.backward(t.ones_like(c), retain_graph=True, inputs=[a])
    first = (a.grad.tolist(), b.grad)
    t.autograd.backward([c, c * 2], [t.ones_like(c), t.ones_like(c)])
    return [first, a.grad.tolist(), b.grad.tolist()]


def batched(t: Any) -> Any:
    a = x(t)
    return t.autograd.grad(a * a, a, t.eye(3, dtype=t.float64), is_grads_batched=True)


def modes(t: Any) -> list[bool]:
    found = []
    t.set_grad_enabled(False)
    found.append(t.is_grad_enabled())
    t.set_grad_enabled(True)

    def off() -> bool:
        return bool(t.is_grad_enabled())

    def inference() -> tuple[bool, bool]:
        return bool(t.is_grad_enabled()), bool(t.is_inference_mode_enabled())

    def produce() -> Any:
        yield t.is_grad_enabled()
        yield t.is_grad_enabled()

    found += [t.no_grad()(off)(), *t.inference_mode()(inference)(), t.is_grad_enabled()]
    for flag in t.no_grad()(produce)():
        found += [flag, t.is_grad_enabled()]
    with t.set_grad_enabled(False), t.enable_grad():
        found.append(t.is_grad_enabled())
    return found


def anomaly(t: Any) -> Any:
    a = t.tensor([0.0, 1.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True):
        (a.sqrt() * 0).sum().backward()


def stale(t: Any) -> Any:
    a = x(t).exp()
    b = a * a
    a.add_(1)
    a.add_(1)
    b.sum().backward()


PROGRAMS: dict[str, Program] = {
    "function": lambda t: scaled(t, save, use),
    "wrong on purpose": lambda t: scaled(t, lambda ctx, a: a.exp()),
    "non-differentiable": lambda t: scaled(t, lambda ctx, a: constant(ctx, a)[0]),
    "double backward": double,
    "returns its input": lambda t: scaled(t, lambda ctx, a: a),
    "written": lambda t: written(t, lambda b: b),
    "written view": lambda t: written(t, lambda b: b[1:]),
    "two outputs": lambda t: t.autograd.grad(
        function(t, two, lambda ctx, g, h: g * 5 + h * 7).apply(a := x(t))[1].sum(), a
    ),
    "too few gradients": lambda t: scaled(t, save, lambda ctx, g: ()),
    "wrong shape": lambda t: scaled(t, save, lambda ctx, g: g[:2]),
    "wrong number": lambda t: scaled(t, save, lambda ctx, g: 3.0),
    "leaf written": lambda t: scaled(t, dirty),
    "saves a number": lambda t: scaled(t, lambda ctx, a: ctx.save_for_backward(3)),
    "no backward": lambda t: made(t, {"forward": staticmethod(save)}).apply(x(t)).sum().backward(),
    "no forward": lambda t: made(t, {}).apply(x(t)),
    "view of a function written": lambda t: function(
        t, lambda ctx, a: a.view(3, 1), lambda ctx, g: g.view(3)
    ).apply(x(t) * 1).mul_(2),
    "hooks": hooks,
    "accumulated": accumulated,
    "batched": batched,
    "modes": modes,
    "anomaly": anomaly,
    "stale": stale,
    "twice": lambda t: [y := x(t).exp().sum(), y.backward(), y.backward()],
    "variable": lambda t: isinstance(
        t.autograd.Variable(x(t), requires_grad=True), t.autograd.Variable
    ),
}  # fmt: skip

WORDS = {
    "too few gradients": "returned an incorrect number of gradients",
    "wrong shape": "returned an invalid gradient at index 0 - got [2] but expected shape",
    "wrong number": "expected Variable or None (got float)",
    "leaf written": "a leaf Variable that requires grad",
    "saves a number": "save_for_backward can only save",
    "no backward": "You must implement either the backward or vjp method",
    "no forward": "You must implement the forward function for custom autograd.Function",
    "view of a function written": "is a view and is being modified inplace",
    "anomaly": "Function 'SqrtBackward0' returned nan values in its 0th output",
    "stale": "is at version 2; expected version 0 instead",
    "twice": "Trying to backward through the graph a second time",
}


def plain(value: Any) -> object:
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if hasattr(value, "requires_grad"):
        numbers = [round(float(number), 6) + 0.0 for number in value.detach().numpy().reshape(-1)]
        return tuple(value.shape), numbers, value.requires_grad
    return value


def outcome(program: Program, lib: ModuleType) -> tuple[object, str]:
    try:
        return plain(program(lib)), ""
    except (RuntimeError, TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_parity(name: str) -> None:
    torch = pytest.importorskip("torch")
    (expected, theirs), (found, ours) = (outcome(PROGRAMS[name], t) for t in (torch, minitorch))
    assert found == expected, ours
    assert WORDS.get(name, "") in theirs
    assert WORDS.get(name, "") in ours
