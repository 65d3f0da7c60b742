"""`minitorch.func`: the same programs here and in PyTorch give the same, errors included."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import minitorch
from minitorch import Tensor, func

Program = Callable[[Any], object]


def x(t: Any) -> Any:
    return t.tensor([0.5, 2.0], dtype=t.float64)


def m(t: Any) -> Any:
    return t.arange(6, dtype=t.float64).reshape(2, 3)


def kept(t: Any, run: Callable[[Any], Any]) -> object:
    """The value, and the gradient by a tensor that requires grad outside of the transform."""
    w = x(t).requires_grad_()
    y = run(w)
    y.sum().backward()
    return y, w.grad


PROGRAMS: dict[str, Program] = {
    "grad": lambda t: t.func.grad(lambda a: (a**3).sum())(x(t)),
    "grad of grad": lambda t: t.func.grad(lambda a: t.func.grad(lambda b: (b**3).sum())(a).sum())(
        x(t)
    ),
    "grad thrice": lambda t: t.func.grad(t.func.grad(t.func.grad(lambda a: a**5)))(
        t.tensor(2.0, dtype=t.float64)
    ),
    "grad argnums": lambda t: t.func.grad(lambda a, b: (a * b).sum(), argnums=1)(x(t), x(t) * 2),
    "grad last": lambda t: t.func.grad(lambda a, b: (a * b).sum(), argnums=-1)(x(t), x(t) * 2),
    "grad two": lambda t: t.func.grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(x(t), x(t) * 2),
    "grad one of a tuple": lambda t: t.func.grad(lambda a: a.sum(), argnums=(0,))(x(t)),
    "grad of a tree": lambda t: t.func.grad(lambda d, k: (d["a"] * d["b"][0] * k).sum())(
        {"a": x(t), "b": [x(t) * 3]}, 2.0
    ),
    "grad aux": lambda t: t.func.grad(lambda a: (a.sum(), (a * 2, a.detach())), has_aux=True)(x(t)),
    "grad and value": lambda t: t.func.grad_and_value(lambda a: (a * a).sum())(x(t)),
    "grad and value aux": lambda t: t.func.grad_and_value(
        lambda a: ((a * a).sum(), a + 1), has_aux=True
    )(x(t)),
    "grad unused": lambda t: t.func.grad(lambda a, b: a.sum(), argnums=(0, 1))(x(t), x(t)),
    "grad constant": lambda t: t.func.grad(lambda a: t.ones(()))(x(t)),
    "grad kwargs": lambda t: t.func.grad(lambda a, k: (a * k).sum())(x(t), k=x(t)),
    "grad by captured": lambda t: kept(t, lambda w: t.func.grad(lambda a: (a * a * w).sum())(x(t))),
    "grad by argument": lambda t: kept(t, lambda w: t.func.grad(lambda a: (a**3).sum())(w)),
    "grad of captured within": lambda t: t.func.grad(
        lambda a: (t.func.grad(lambda b: (a * b * b).sum())(x(t)) * a).sum()
    )(x(t)),
    "grad not scalar": lambda t: t.func.grad(lambda a: a)(x(t)),
    "grad of a tuple": lambda t: t.func.grad(lambda a: (a, a))(x(t)),
    "grad of a number": lambda t: t.func.grad(lambda a: 1.0)(x(t)),
    "grad by a number": lambda t: t.func.grad(lambda a: a.sum())(1.0),
    "grad by integers": lambda t: t.func.grad(lambda a: a.sum())(x(t).long()),
    "grad argnum too large": lambda t: t.func.grad(lambda a: a.sum(), argnums=2)(x(t)),
    "grad no argnums": lambda t: t.func.grad(lambda a: a.sum(), argnums=())(x(t)),
    "grad aux missing": lambda t: t.func.grad(lambda a: a.sum(), has_aux=True)(x(t)),
    "vjp": lambda t: t.func.vjp(lambda a: a * a, x(t))[1](x(t)),
    "vjp value": lambda t: t.func.vjp(lambda a: a * a, x(t))[0],
    "vjp tree": lambda t: t.func.vjp(lambda a, b: (a * a, {"y": a * b}), x(t), x(t))[1](
        (x(t), {"y": x(t)})
    ),
    "vjp twice": lambda t: [t.func.vjp(lambda a: a.sin(), x(t))[1](v) for v in (x(t), x(t) * 2)],
    "vjp aux": lambda t: t.func.vjp(lambda a: (a * a, a + 1), x(t), has_aux=True)[2],
    "vjp misfit": lambda t: t.func.vjp(lambda a: (a, a), x(t))[1](x(t)),
    "vjp shape": lambda t: t.func.vjp(lambda a: a * 2, x(t))[1](t.ones(3, dtype=t.float64)),
    "grad of vjp": lambda t: t.func.grad(lambda v: t.func.vjp(lambda a: a**3, x(t))[1](v)[0].sum())(
        x(t)
    ),
    "jvp": lambda t: t.func.jvp(lambda a, b: a * b, (x(t), x(t) * 2), (x(t), x(t))),
    "jvp tree": lambda t: t.func.jvp(lambda d: {"y": d["a"].exp()}, ({"a": x(t)},), ({"a": x(t)},)),
    "jvp aux": lambda t: t.func.jvp(lambda a: (a * a, a), (x(t),), (x(t),), has_aux=True),
    "jvp constant": lambda t: t.func.jvp(lambda a: t.ones(2), (x(t),), (x(t),)),
    "jvp of jvp": lambda t: t.func.jvp(
        lambda a: t.func.jvp(lambda b: b**3, (a,), (x(t),))[1], (x(t),), (x(t),)
    ),
    "jvp no tuple": lambda t: t.func.jvp(lambda a: a, x(t), x(t)),
    "jvp misfit": lambda t: t.func.jvp(lambda a, b: a, (x(t), x(t)), (x(t),)),
    "jvp of grad": lambda t: t.func.jvp(t.func.grad(lambda a: (a**3).sum()), (x(t),), (x(t),)),
    "jacrev": lambda t: t.func.jacrev(lambda a: a.sin())(x(t)),
    "jacrev matrix": lambda t: t.func.jacrev(lambda a: a.t() @ a)(m(t)),
    "jacrev tree": lambda t: t.func.jacrev(lambda a, b: (a * b, {"y": a}), argnums=(0, 1))(
        x(t), x(t)
    ),
    "jacrev aux": lambda t: t.func.jacrev(lambda a: (a * 2, a), has_aux=True)(x(t)),
    "jacrev chunks": lambda t: t.func.jacrev(lambda a: a.exp(), chunk_size=1)(x(t)),
    "jacrev by captured": lambda t: kept(t, lambda w: t.func.jacrev(lambda a: a * a * w)(x(t))),
    "jacfwd": lambda t: t.func.jacfwd(lambda a: a.sin())(x(t)),
    "jacfwd tree": lambda t: t.func.jacfwd(lambda d: d["a"] * 2)({"a": x(t)}),
    "hessian": lambda t: t.func.hessian(lambda a: (a**3).prod())(x(t)),
    "hessian two": lambda t: t.func.hessian(lambda a, b: (a * a * b).sum(), argnums=(0, 1))(
        x(t), x(t)
    ),
    "linearize": lambda t: t.func.linearize(lambda a: a.sin(), x(t))[1](x(t)),
    "vmap": lambda t: t.vmap(lambda a: a.sum())(m(t)),
    "vmap in_dims": lambda t: t.vmap(lambda a: a.cumsum(0), in_dims=1)(m(t)),
    "vmap negative": lambda t: t.vmap(lambda a: a * 2, in_dims=-1, out_dims=-1)(m(t)),
    "vmap shared": lambda t: t.vmap(lambda a, b: a + b, in_dims=(0, None))(m(t), m(t)[0]),
    "vmap out_dims": lambda t: t.vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(m(t)),
    "vmap dict": lambda t: t.vmap(lambda d: {"y": d["a"] * d["b"]}, in_dims=({"a": 0, "b": None},))(
        {"a": m(t), "b": m(t)[1]}
    ),
    "vmap list": lambda t: t.vmap(lambda a, b: a * b[0], in_dims=(0, [1]))(m(t).t(), [m(t)]),
    "vmap nested": lambda t: t.vmap(lambda a: t.vmap(lambda b: (a * b).sum())(m(t)))(m(t)),
    "vmap constant": lambda t: t.vmap(lambda a: t.zeros(()))(m(t)),
    "vmap empty": lambda t: t.vmap(lambda a: a)(t.ones(0, 3, dtype=t.float64)),
    "vmap kwargs": lambda t: t.vmap(lambda a, k: a + k)(m(t), k=m(t)),
    "vmap out none": lambda t: t.vmap(lambda a: t.ones(2), out_dims=None)(m(t)),
    "vmap of grad": lambda t: t.vmap(t.func.grad(lambda a: (a**3).sum()))(m(t)),
    "grad of vmap": lambda t: t.func.grad(lambda a: t.vmap(lambda b: b.prod())(a).sum())(m(t)),
    "vmap mm": lambda t: t.vmap(t.mv, in_dims=(None, 0))(m(t), m(t)),
    "vmap same": lambda t: t.vmap(lambda a: a * 0 + t.rand(1).double(), randomness="same")(
        m(t)
    ).std(0),
    "vmap jacobian": lambda t: t.vmap(t.func.jacrev(lambda a: a.sin()))(m(t)),
    "vmap no inputs": lambda t: t.vmap(lambda a: a)(),
    "vmap number": lambda t: t.vmap(lambda a: a)(3),
    "vmap returns a number": lambda t: t.vmap(lambda a: 3)(m(t)),
    "vmap none": lambda t: t.vmap(lambda a: a, in_dims=None)(m(t)),
    "vmap too many": lambda t: t.vmap(lambda a: a, in_dims=(0, 0))(m(t)),
    "vmap sizes": lambda t: t.vmap(lambda a, b: a)(m(t), m(t)[0]),
    "vmap no such dim": lambda t: t.vmap(lambda a: a, in_dims=5)(m(t)),
    "vmap no such out_dim": lambda t: t.vmap(lambda a: a, out_dims=5)(m(t)),
    "vmap 0d": lambda t: t.vmap(lambda a: a)(m(t)[0, 0]),
    "vmap random": lambda t: t.vmap(lambda a: a * t.rand(3))(m(t)),
    "vmap randomness": lambda t: t.vmap(lambda a: a, randomness="x")(m(t)),
    "vmap out misfit": lambda t: t.vmap(lambda a: (a, a), out_dims=(0,))(m(t)),
    "vmap out none batched": lambda t: t.vmap(lambda a: a, out_dims=None)(m(t)),
}


def plain(value: Any) -> object:
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if hasattr(value, "requires_grad"):
        array = value.detach().numpy()
        numbers = [round(float(number), 8) + 0.0 for number in array.reshape(-1)]
        return tuple(array.shape), numbers, value.requires_grad
    return value


def outcome(program: Program, lib: ModuleType) -> tuple[object, str]:
    try:
        return plain(program(lib)), ""
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return type(error), str(error)


@pytest.mark.parity
@pytest.mark.filterwarnings(
    "ignore:`torch.jit.script`:DeprecationWarning", "ignore::UserWarning:torch"
)
@pytest.mark.parametrize("name", PROGRAMS)
def test_parity(name: str) -> None:
    torch = pytest.importorskip("torch")
    (expected, theirs), (found, ours) = (outcome(PROGRAMS[name], t) for t in (torch, minitorch))
    assert found == expected, ours
    for word in ("in_dim=", "argnum=", "scalar Tensor", "has_aux", "randomness"):
        assert (word in theirs) == (word in ours)


# ---- modules -----------------------------------------------------------------------------------


def test_functional_call_puts_tensors_in_place_and_back() -> None:
    model = minitorch.nn.Sequential(minitorch.nn.Linear(2, 2), minitorch.nn.Linear(2, 1))
    weight = model[0].weight
    zeros = {"0.weight": minitorch.zeros(2, 2), "0.bias": minitorch.ones(2)}
    y = func.functional_call(model, zeros, minitorch.ones(1, 2))
    expected = model[1](minitorch.ones(1, 2))
    assert y.tolist() == expected.tolist()
    assert model[0].weight is weight
    again = func.functional_call(
        model, [zeros, {"1.bias": minitorch.ones(1)}], (minitorch.ones(1, 2),)
    )
    assert again.tolist() != y.tolist()


def test_functional_call_is_differentiable() -> None:
    model = minitorch.nn.Linear(2, 1)
    state = {name: p.detach() for name, p in model.named_parameters()}

    def loss(state: dict[str, Tensor], x: Tensor) -> Tensor:
        return func.functional_call(model, state, x).sum()

    gradients = func.grad(loss)(state, minitorch.ones(3, 2))
    assert gradients["weight"].tolist() == [[3.0, 3.0]]
    assert gradients["bias"].tolist() == [3.0]
    assert model.weight.grad is None
    samples = func.vmap(func.grad(loss), in_dims=(None, 0))(state, minitorch.ones(3, 2))
    assert samples["weight"].shape == (3, 1, 2)


def test_functional_call_ties_shared_parameters() -> None:
    first = minitorch.nn.Linear(1, 1, bias=False)
    model = minitorch.nn.Sequential(first, first)
    x = minitorch.ones(1, 1)
    two = minitorch.full((1, 1), 2.0)
    assert func.functional_call(model, {"0.weight": two}, x).item() == 4.0
    other = minitorch.nn.Sequential(minitorch.nn.Linear(1, 1, bias=False), first)
    other[0].weight = first.weight
    assert func.functional_call(other, {"0.weight": two}, x).item() == 4.0
    own = first.weight.item()
    apart = func.functional_call(other, {"0.weight": two}, x, tie_weights=False)
    assert apart.item() == pytest.approx(2.0 * own)
    with pytest.raises(ValueError, match=r"got different tensors for '1\.weight'"):
        func.functional_call(other, {"0.weight": two, "1.weight": two * 2}, x)


def test_functional_call_has_its_errors() -> None:
    model = minitorch.nn.Linear(1, 1)
    x = minitorch.ones(1, 1)
    state = {"weight": x}
    with pytest.raises(RuntimeError, match=r"for Linear:\n\tMissing key\(s\): 'bias'\.$"):
        func.functional_call(model, state, x, strict=True)
    with pytest.raises(RuntimeError, match=r"Unexpected key\(s\): 'w'\.\n\tMissing"):
        func.functional_call(model, {"w": x}, x, strict=True)
    with pytest.raises(TypeError, match="3, given for 'weight', is not an instance of Tensor"):
        func.functional_call(model, {"weight": 3}, x)  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="to be a dict, or a list/tuple of dicts"):
        func.functional_call(model, 3, x)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="appeared in multiple dictionaries"):
        func.functional_call(model, [state, state], x)
    with pytest.raises(TypeError, match="expected a Module, but got int"):
        func.functional_call(3, state, x)  # type: ignore[call-overload]


def test_states_of_models_are_stacked_for_vmap() -> None:
    models = [minitorch.nn.Linear(2, 1) for _ in range(3)]
    parameters, buffers = func.stack_module_state(models)
    assert parameters["weight"].is_leaf
    assert parameters["weight"].requires_grad
    assert buffers == {}
    x = minitorch.ones(4, 2)

    def call(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return func.functional_call(models[0], parameters, x)

    y = func.vmap(call, in_dims=(0, None))(parameters, x)
    assert y.tolist() == minitorch.stack([model(x) for model in models]).tolist()
    with pytest.raises(RuntimeError, match="Expected at least one model"):
        func.stack_module_state([])
    with pytest.raises(RuntimeError, match="same training/eval mode"):
        func.stack_module_state([models[0], minitorch.nn.Linear(2, 1).eval()])


def test_vmap_draws_as_it_is_told() -> None:
    x = minitorch.zeros(3, 2)
    same = func.vmap(lambda a: a + minitorch.rand(2), randomness="same")(x)
    assert same[0].tolist() == same[1].tolist() == same[2].tolist()
    different = func.vmap(lambda a: a + minitorch.rand(2), randomness="different")(x)
    assert different[0].tolist() != different[1].tolist()
    with pytest.raises(ValueError, match="chunk_size should be None or greater than 0"):
        func.vmap(lambda a: a, chunk_size=0)


def test_gradients_through_a_transform_do_not_reach_its_own_leaves() -> None:
    x = minitorch.ones(2)

    def squares(a: Tensor) -> Tensor:
        return (a * a).sum()

    g = func.grad(squares)(x)
    assert not g.requires_grad
    assert x.grad is None
    assert not x.requires_grad
    with minitorch.no_grad():
        w = minitorch.ones(2, requires_grad=True)

        def weighted(a: Tensor) -> Tensor:
            return (a * a * w).sum()

        assert not func.grad(weighted)(x).requires_grad
