"""The same autograd programs, run on Scalars and on PyTorch's 0-d float64 tensors."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

import minitorch_autodiff as ours
from minitorch_autodiff import Scalar

torch = pytest.importorskip("torch")


Mode = Callable[..., AbstractContextManager[object]]


class Library:
    """What a program needs of either library, spelled alike."""

    def __init__(
        self,
        leaf: Callable[[float], Scalar],
        grad: Callable[..., tuple[Scalar, ...]],
        modes: dict[str, Mode],
        is_grad_enabled: Callable[[], bool],
    ) -> None:
        self.leaf = leaf
        self.grad = grad
        self.modes = modes
        self.is_grad_enabled = is_grad_enabled


MODES = ("no_grad", "enable_grad", "inference_mode", "set_grad_enabled")
OURS = Library(
    lambda v: Scalar(v, requires_grad=True),
    ours.grad,
    {name: getattr(ours, name) for name in MODES},
    ours.is_grad_enabled,
)
THEIRS = Library(
    lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True),
    torch.autograd.grad,
    {name: getattr(torch, name) for name in MODES},
    torch.is_grad_enabled,
)


def number(x: Scalar | None) -> float | None:
    return None if x is None else float(x.detach())


def hooks_and_retain_grad(lib: Library) -> list[object]:
    x, y = lib.leaf(2.0), lib.leaf(3.0)
    z = x * y
    z.retain_grad()
    z.register_hook(lambda g: g * 10.0)
    x.register_hook(lambda g: g + 1.0)
    results: list[object] = [z.retains_grad, x.retains_grad]
    for _ in range(2):
        (z * z).backward(retain_graph=True)
        results += [number(z.grad), number(x.grad), number(y.grad)]
    return results


def order_of_hooks(lib: Library) -> list[object]:
    x = lib.leaf(2.0)
    y = x * 3.0
    order: list[object] = []
    x.register_post_accumulate_grad_hook(lambda x: order.append(("after", number(x.grad))))
    x.register_hook(lambda g: order.append(("x1", number(g))))
    x.register_hook(lambda g: g * 2.0)
    x.register_hook(lambda g: order.append(("x3", number(g))))
    y.register_hook(lambda g: order.append(("y", number(g), lib.is_grad_enabled())))
    (y * y).backward(create_graph=False)
    return order


def removed_hooks(lib: Library) -> list[object]:
    x = lib.leaf(2.0)
    first = x.register_hook(lambda g: g * 2.0)
    second = x.register_hook(lambda g: g * 5.0)
    first.remove()
    (x * 1.0).backward()
    with second:
        (x * 1.0).backward()
    (x * 1.0).backward()
    return [number(x.grad)]


def hooks_in_grad(lib: Library) -> list[object]:
    x, y = lib.leaf(2.0), lib.leaf(3.0)
    seen: list[object] = []
    x.register_hook(lambda g: g * 10.0)
    y.register_hook(lambda g: seen.append("y"))
    (dx,) = lib.grad(x * y, x)
    return [number(dx), number(x.grad), *seen]


def frozen_leaves(lib: Library) -> list[object]:
    x, y = lib.leaf(2.0), lib.leaf(3.0)
    z = x * y
    x.requires_grad_(False)
    z.backward()
    w = x * y
    x.requires_grad_()
    w.backward()
    return [number(x.grad), number(y.grad), x.is_leaf, w.is_leaf]


def derivatives_in_between(lib: Library) -> list[object]:
    x = lib.leaf(2.0)
    y = x * x
    z = y * y + y
    return [number(g) for g in lib.grad(z, [y, x, z])]


def third_derivatives(lib: Library) -> list[object]:
    x = lib.leaf(0.7)
    y = x.tanh() * x.exp() / (x.sin() + 2.0) + x**3.0
    results: list[object] = [number(y)]
    for _ in range(3):
        (y,) = lib.grad(y, x, create_graph=True)
        results.append(number(y))
    return results


def create_graph_in_backward(lib: Library) -> list[object]:
    x = lib.leaf(2.0)
    (x**3.0).backward(create_graph=True)
    first = x.grad
    assert first is not None
    results: list[object] = [number(first), first.requires_grad]
    x.grad = None
    first.backward()
    assert x.grad is not None
    return [*results, number(x.grad), x.grad.requires_grad]


def seeds_with_history(lib: Library) -> list[object]:
    x, s = lib.leaf(3.0), lib.leaf(2.0)
    (x + 1.0).backward(s)
    assert x.grad is not None
    results: list[object] = [number(x.grad), x.grad.requires_grad, number(s.grad)]
    (dx,) = lib.grad(x * x, x, s, create_graph=True)
    return [*results, number(lib.grad(dx, s)[0])]


def modes_in_modes(lib: Library) -> list[object]:
    results: list[object] = []
    off, on = lib.modes["no_grad"], lib.modes["enable_grad"]
    inference, switch = lib.modes["inference_mode"], lib.modes["set_grad_enabled"]
    outers: list[Mode] = [off, on, inference, lambda: switch(False), lambda: switch(True)]
    inners: list[Mode] = [off, on, inference, lambda: inference(False), lambda: switch(True)]
    for outer in outers:
        for inner in inners:
            with outer():
                results.append(lib.is_grad_enabled())
                with inner():
                    results.append(lib.is_grad_enabled())
                results.append(lib.is_grad_enabled())
            results.append(lib.is_grad_enabled())
    return results


def ties_and_kinks(lib: Library) -> list[object]:
    results: list[object] = []
    for value in (-1.0, 0.0, 1.0):
        for f in (abs, lambda x: x.relu(), lambda x: x.sign() * x, lambda x: x.floor() + x):
            x = lib.leaf(value)
            f(x).backward()
            results.append(number(x.grad))
    x, y = lib.leaf(2.0), lib.leaf(2.0)
    (x.maximum(y) * 2.0 + x.minimum(y)).backward()
    return [*results, number(x.grad), number(y.grad)]


PROGRAMS = [
    hooks_and_retain_grad,
    order_of_hooks,
    removed_hooks,
    hooks_in_grad,
    frozen_leaves,
    derivatives_in_between,
    third_derivatives,
    create_graph_in_backward,
    seeds_with_history,
    modes_in_modes,
    ties_and_kinks,
]


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_program_gives_the_same_results(
    program: Callable[[Library], list[object]],
) -> None:
    for our, their in zip(program(OURS), program(THEIRS), strict=True):
        if isinstance(our, float) and isinstance(their, float):
            assert our == pytest.approx(their, rel=1e-12)
        else:
            assert our == their


def raises(program: Callable[[Library], object], lib: Library) -> str:
    with pytest.raises(RuntimeError) as error:
        program(lib)
    return str(error.value)


def twice(lib: Library) -> None:
    x = lib.leaf(2.0)
    y = x * x
    y.backward()
    y.backward()


def unused(lib: Library) -> None:
    lib.grad(lib.leaf(2.0) * 2.0, lib.leaf(3.0))


def frozen_result(lib: Library) -> None:
    (lib.leaf(2.0) * 2.0).requires_grad_(False)


def late_hook(lib: Library) -> None:
    (lib.leaf(2.0) * 2.0).register_post_accumulate_grad_hook(lambda x: None)


def constant(lib: Library) -> None:
    lib.leaf(2.0).detach().backward()


def constant_hook(lib: Library) -> None:
    lib.leaf(2.0).detach().register_hook(lambda g: None)


def constant_retained(lib: Library) -> None:
    lib.leaf(2.0).detach().retain_grad()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (twice, "rying to backward through the graph a second time"),
        (unused, "appears to not have been used in the graph"),
        (frozen_result, "ou can only change requires_grad flags of leaf variables"),
        (late_hook, "post accumulate grad hooks cannot be registered on non-leaf"),
        (constant, "does not require grad and does not have a grad_fn"),
        (constant_hook, "annot register a hook on a"),
        (constant_retained, "can't retain_grad on"),
    ],
)
def test_errors_have_the_type_and_the_words_of_pytorch(
    program: Callable[[Library], object], words: str
) -> None:
    assert words in raises(program, OURS)
    assert words in raises(program, THEIRS)
