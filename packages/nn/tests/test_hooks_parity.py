"""Hooks of modules: what they see, when, and what they may replace is as in torch."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity


def plain(x: Any) -> Any:
    """Tensors as lists, rounded."""
    if isinstance(x, (tuple, list)):
        return [plain(each) for each in x]
    if isinstance(x, dict):
        return {key: plain(each) for key, each in x.items()}
    return x if x is None or isinstance(x, (str, int)) else np.round(x.tolist(), 5).tolist()


def both(run: Callable[[ModuleType], Any]) -> Any:
    """What the program gives on torch, after it gave the same on minitorch."""
    found = []
    for t in (minitorch, torch):
        t.manual_seed(1)
        found.append(plain(run(t)))
    assert found[0] == found[1]
    return found[1]


def pair(t: ModuleType) -> Any:
    """A module of two inputs and two outputs."""

    def forward(self: Any, x: Any, y: Any, scale: float = 1.0) -> Any:
        return self.layer(x) * scale, y * y

    net = type("Pair", (t.nn.Module,), {"forward": forward})()
    net.layer = t.nn.Linear(2, 2)
    return net


def inputs(t: ModuleType) -> tuple[Any, Any]:
    x = t.tensor([[1.0, 2.0]], requires_grad=True)
    return x, t.tensor([3.0, 4.0], requires_grad=True)


def test_backward_hooks_see_the_gradients_of_inputs_and_outputs() -> None:
    def run(t: ModuleType) -> list[Any]:
        seen: list[Any] = []
        net, (x, y) = pair(t), inputs(t)
        net.register_full_backward_hook(lambda m, gi, go: seen.append(["after", gi, go]))
        net.register_full_backward_pre_hook(lambda m, go: seen.append(["before", go]))
        net.layer.register_full_backward_hook(lambda m, gi, go: seen.append(["inner", gi, go]))
        a, b = net(x, y)
        (a.sum() * 2 + b.sum()).backward()
        net(x, y.detach())[0].sum().backward()
        return [*seen, x.grad, y.grad]

    assert [entry[0] for entry in both(run)[:3]] == ["before", "inner", "after"]


def test_backward_hooks_may_replace_gradients() -> None:
    def run(t: ModuleType) -> list[Any]:
        net, (x, y) = pair(t), inputs(t)
        net.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10, None))
        net.register_full_backward_pre_hook(lambda m, go: (go[0] * 3, go[1]))
        a, b = net(x, y)
        (a.sum() + b.sum()).backward()
        return [x.grad, y.grad, *(p.grad for p in net.parameters())]

    both(run)


def test_backward_hooks_can_be_put_first_and_taken_away() -> None:
    def run(t: ModuleType) -> list[str]:
        seen: list[str] = []
        layer, (x, _) = t.nn.Linear(2, 2), inputs(t)
        layer.register_full_backward_hook(lambda *_: seen.append("second"))
        layer.register_full_backward_hook(lambda *_: seen.append("first"), prepend=True)
        gone = layer.register_full_backward_hook(lambda *_: seen.append("gone"))
        before = layer.register_full_backward_pre_hook(lambda *_: seen.append("before"))
        gone.remove()
        layer(x).sum().backward()
        before.remove()
        with t.no_grad():
            layer(x)
        layer(x).sum().backward()
        return seen

    assert both(run) == ["before", "first", "second", "first", "second"]


def test_backward_hooks_fire_without_a_gradient_of_the_inputs() -> None:
    def run(t: ModuleType) -> list[Any]:
        seen: list[Any] = []
        layer = t.nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda m, gi, go: seen.append([gi, go]))
        with pytest.warns(UserWarning, match="no inputs require gradients"):
            layer(t.ones(1, 2)).sum().backward()
        return seen

    both(run)


def test_second_derivatives_go_through_backward_hooks() -> None:
    def run(t: ModuleType) -> Any:
        act, (x, _) = t.nn.Tanh(), inputs(t)
        act.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
        (g,) = t.autograd.grad(act(x).sum(), x, create_graph=True)
        return [g, t.autograd.grad((g * g).sum(), x)[0]]

    both(run)


@pytest.mark.parametrize("t", [minitorch, torch])
def test_a_backward_hook_returns_as_many_gradients(t: Any) -> None:
    x = t.ones(1, 2, requires_grad=True)
    for register, message in (
        ("register_full_backward_hook", "invalid number of grad_input, got 2, but expected 1"),
        ("register_full_backward_pre_hook", "invalid number of grad_output, got 2, but expected 1"),
    ):
        layer = t.nn.Linear(2, 2)
        getattr(layer, register)(lambda m, *grads: (*grads[0], None))
        with pytest.raises(RuntimeError, match=message):
            layer(x).sum().backward()


def test_a_forward_hook_may_run_in_spite_of_an_error() -> None:
    def run(t: ModuleType) -> list[Any]:
        seen: list[Any] = []

        def forward(self: Any, x: Any, fail: bool = False) -> Any:
            if fail:
                raise ValueError("no")
            return x * 2

        net = type("Net", (t.nn.Module,), {"forward": forward})()
        net.register_forward_hook(
            lambda m, args, out: seen.append(["always", out]), always_call=True
        )
        net.register_forward_hook(lambda m, args, out: seen.append(["only", out]))
        net.register_forward_hook(
            lambda m, args, kwargs, out: seen.append(["names", list(kwargs)]),
            with_kwargs=True,
            always_call=True,
        )
        with pytest.raises(ValueError, match="no"):
            net(t.ones(1), fail=True)
        net(t.ones(1))
        return seen

    assert len(both(run)) == 5


def test_a_silenced_hook_warns() -> None:
    def run(t: ModuleType) -> str:
        layer = t.nn.Linear(2, 2)
        layer.register_forward_hook(lambda m, args, out: out.nothing, always_call=True)
        with (
            pytest.warns(UserWarning, match="raised an exception that was silenced"),
            pytest.raises(RuntimeError) as caught,
        ):
            layer(t.ones(3))
        return type(caught.value).__name__

    both(run)


def named(t: ModuleType) -> Any:
    net = t.nn.Sequential(t.nn.Linear(2, 1), t.nn.BatchNorm1d(1))
    return net.requires_grad_(False)


def test_hooks_around_the_making_of_a_state() -> None:
    def run(t: ModuleType) -> list[Any]:
        seen: list[Any] = []
        net = named(t)
        net[0].register_state_dict_pre_hook(lambda m, prefix, keep: seen.append([prefix, keep]))

        def after(module: Any, state: Any, prefix: str, metadata: Any) -> None:
            state[prefix + "twice"] = state.pop(prefix + "weight") * 2

        net[0].register_state_dict_post_hook(after)
        return [*seen, dict(net.state_dict(prefix="net.")), *seen]

    both(run)


def test_hooks_around_the_loading_of_a_state() -> None:
    def run(t: ModuleType) -> list[Any]:
        seen: list[Any] = []
        net, state = named(t), dict(named(t).state_dict())
        state["0.old"] = state.pop("0.weight")

        def rename(module: Any, state: Any, prefix: str, *rest: Any) -> None:
            seen.append([type(module).__name__, prefix, len(rest)])
            state[prefix + "weight"] = state.pop(prefix + "old")

        net[0].register_load_state_dict_pre_hook(rename)
        net[1].register_load_state_dict_post_hook(lambda m, keys: seen.append(list(keys)))
        result = net.load_state_dict(state)
        return [*seen, list(result), net[0].weight, sorted(state)]

    both(run)


def test_a_hook_after_loading_may_forgive_missing_keys() -> None:
    def run(t: ModuleType) -> list[Any]:
        net, state = named(t), dict(named(t).state_dict())
        del state["0.bias"]
        net.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
        return [list(net.load_state_dict(state)), net[0].weight]

    both(run)


def test_extra_state_is_saved_and_loaded() -> None:
    def make(t: ModuleType) -> Any:
        def get_extra_state(self: Any) -> Any:
            return {"steps": self.steps}

        def set_extra_state(self: Any, state: Any) -> None:
            self.steps = state["steps"]

        methods = {"get_extra_state": get_extra_state, "set_extra_state": set_extra_state}
        net = type("Counter", (t.nn.Module,), methods)()
        net.steps = 0
        return t.nn.Sequential(net)

    def run(t: ModuleType) -> list[Any]:
        one, other = make(t), make(t)
        one[0].steps = 7
        state = one.state_dict()
        other.load_state_dict(state)
        with pytest.raises(RuntimeError) as missing:
            other.load_state_dict({})
        with pytest.raises(RuntimeError) as unexpected:
            t.nn.Sequential(t.nn.ReLU()).load_state_dict(state)
        return [dict(state), other[0].steps, str(missing.value), str(unexpected.value)]

    both(run)


def test_the_count_of_batches_may_be_missing_in_an_old_state() -> None:
    def run(t: ModuleType) -> list[Any]:
        net = t.nn.BatchNorm1d(2)
        names = ("weight", "bias", "running_mean", "running_var")
        result = net.load_state_dict({name: t.full((2,), 3.0) for name in names})
        return [list(result), net.running_var, net.num_batches_tracked]

    both(run)


def test_a_submodule_can_be_replaced_by_its_name() -> None:
    def run(t: ModuleType) -> list[str]:
        net = t.nn.Sequential(t.nn.Sequential(t.nn.ReLU()), t.nn.Tanh())
        net.set_submodule("0.0", t.nn.Tanh())
        net.set_submodule("extra", t.nn.ReLU())
        messages = [repr(net)]
        net.plain = 1
        for target, module, strict in (
            ("", t.nn.ReLU(), False),
            ("0.0", 3, False),
            ("plain", t.nn.ReLU(), False),
            ("none", t.nn.ReLU(), True),
        ):
            with pytest.raises((ValueError, AttributeError)) as caught:
                net.set_submodule(target, module, strict)
            messages.append(f"{type(caught.value).__name__}: {caught.value}")
        return messages

    both(run)
