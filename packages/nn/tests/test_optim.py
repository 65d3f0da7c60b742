"""Optimizers without torch at hand: what they refuse, and what they leave alone."""

import copy
import pickle
import re
from collections.abc import Callable
from operator import attrgetter

import pytest

import minitorch as torch
from minitorch import Tensor, nn, optim
from minitorch.optim.lr_scheduler import LambdaLR, StepLR


def leaf(*values: float) -> Tensor:
    return torch.tensor(list(values), requires_grad=True)


def test_one_step_of_sgd_is_p_minus_lr_times_g() -> None:
    p = leaf(1.0, 2.0)
    optimizer = optim.SGD([p], lr=0.5)
    (p * p).sum().backward()
    optimizer.step()
    assert p.tolist() == [0.0, 0.0]
    assert p.is_leaf
    assert p.requires_grad


def test_parameters_without_gradient_are_left_alone() -> None:
    p, q = leaf(1.0), leaf(1.0)
    optimizer = optim.Adam([p, q], lr=0.5)
    (p * 2).sum().backward()
    optimizer.step()
    assert q.item() == 1.0
    assert list(optimizer.state) == [p]


def test_a_closure_computes_the_loss_anew() -> None:
    p = leaf(3.0)
    optimizer = optim.SGD([p], lr=0.1)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss.item()

    with torch.no_grad():
        assert optimizer.step(closure) == pytest.approx(9.0)
    assert p.item() == pytest.approx(2.4)
    assert optimizer.step() is None


def test_zero_grad_forgets_or_writes_zeros() -> None:
    p = leaf(3.0)
    optimizer = optim.SGD([p], lr=0.1)
    (p * p).sum().backward()
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert [g.tolist() for g in [p.grad] if g is not None] == [[0.0]]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_step_is_not_recorded_and_counts_as_a_write() -> None:
    p = leaf(1.0)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    assert p.grad_fn is None
    with pytest.raises(RuntimeError, match="modified"):
        loss.backward()


def test_several_devices_in_one_group() -> None:
    p, q = leaf(1.0), torch.tensor([1.0], device="numpy", requires_grad=True)
    optimizer = optim.AdamW([p, q], lr=0.1)
    for x in (p, q):
        (x * x).sum().backward()
    optimizer.step()
    assert p.tolist() == q.tolist()
    assert optimizer.state[q]["step"].device.type == "numpy"


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (optim.SGD, {"lr": -1.0}, "Invalid learning rate: -1.0"),
        (optim.SGD, {"lr": float("nan")}, "Invalid learning rate: nan"),
        (optim.SGD, {"momentum": -0.5}, "Invalid momentum value: -0.5"),
        (optim.SGD, {"weight_decay": -1}, "Invalid weight_decay value: -1"),
        (optim.SGD, {"nesterov": True}, "Nesterov momentum requires a momentum and zero"),
        (optim.Adam, {"lr": -1.0}, "Invalid learning rate: -1.0"),
        (optim.Adam, {"eps": -1.0}, "Invalid epsilon value: -1.0"),
        (optim.Adam, {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
        (optim.AdamW, {"betas": (0.9, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
        (optim.AdamW, {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ],
)
def test_options_out_of_range(make: type, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make([leaf(1.0)], **options)


def test_what_is_no_list_of_leaves_is_refused() -> None:
    make = attrgetter("SGD")(optim)
    p = leaf(1.0)
    with pytest.raises(
        TypeError, match=r"an iterable of Tensors or dicts, but got minitorch.Tensor"
    ):
        make(p)
    with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
        make([])
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        make([p * 2])
    with pytest.raises(
        TypeError, match="can only optimize Tensors, but one of the params is float"
    ):
        make([1.0])
    with pytest.raises(TypeError, match="ordering of tensors in sets will change"):
        make([{"params": {p}}])
    with pytest.raises(TypeError, match="must be all tensors or all groups"):
        make([p, {"params": [leaf(1.0)]}])
    with pytest.raises(ValueError, match="Some param names are missing"):
        make([("p", p), leaf(2.0)])
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        make([{"params": [p]}, {"params": p}])
    with pytest.warns(UserWarning, match="duplicate parameters"):
        make([p, p])
    with pytest.raises(TypeError, match="param_group must be a dict"):
        make([p]).add_param_group([p])


def test_names_are_kept() -> None:
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [leaf(1.0)]})
    again = optim.SGD(nn.Linear(2, 1).named_parameters(), lr=0.5)
    again.load_state_dict(optimizer.state_dict())
    assert again.param_groups[0]["param_names"] == ["weight", "bias"]
    assert again.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(3),
        torch.zeros(2, dtype=torch.float64),
        torch.zeros(2, device="numpy"),
    ],
)
def test_a_gradient_that_fits_no_longer_is_refused_before_anything_is_written(
    make: type[optim.SGD] | type[optim.Adam], value: Tensor
) -> None:
    p, q = leaf(1.0, 2.0), leaf(1.0)
    p.grad, q.grad = torch.ones(2), torch.ones(1)
    p.data = value
    message = r"the gradient of a parameter must have its shape, dtype and device"
    with pytest.raises(RuntimeError, match=message):
        make([q, p], lr=0.1).step()
    assert q.item() == 1.0


@pytest.mark.parametrize("name", ["exp_avg", "step", "momentum_buffer"])
def test_a_state_that_does_not_fit_is_refused(name: str) -> None:
    p = leaf(1.0, 2.0)
    p.grad = torch.ones(2)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9) if "m" in name else optim.Adam([p])
    optimizer.step()
    optimizer.state[p][name] = torch.ones(7)
    with pytest.raises(RuntimeError, match=r"momentum_buffer|exp_avg|state_steps"):
        optimizer.step()


def test_a_gradient_may_have_other_strides() -> None:
    p = torch.zeros(2, 3).requires_grad_()
    for make in (optim.SGD, optim.Adam):
        p.data = torch.zeros(2, 3)
        p.grad = torch.tensor([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]]).t()
        make([p], lr=0.5).step()
        assert (p[0] < 0).all().item()
        assert (p[1] > 0).all().item()


def test_a_parameter_may_be_a_view_of_memory() -> None:
    whole = torch.arange(6.0)
    p = whole[2:4].detach().requires_grad_()
    p.grad = torch.ones(2)
    optim.SGD([p], lr=1.0).step()
    assert whole.tolist() == [0.0, 1.0, 1.0, 2.0, 4.0, 5.0]


def test_loading_a_state_checks_it() -> None:
    p = leaf(1.0, 2.0)
    p.grad = torch.ones(2)
    optimizer = optim.Adam([p])
    optimizer.step()
    state = optimizer.state_dict()
    other = optim.Adam([leaf(1.0)])
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        other.load_state_dict(3)
    with pytest.raises(ValueError, match="has no entry 'state'"):
        other.load_state_dict({})
    with pytest.raises(
        ValueError, match=r"'exp_avg' has shape \(2,\), but its parameter has shape"
    ):
        other.load_state_dict(state)
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group: 1"):
        optim.Adam([leaf(1.0), leaf(1.0)]).load_state_dict(state)
    other.add_param_group({"params": leaf(2.0)})
    with pytest.raises(ValueError, match=r"different number of parameter groups: 1.*has 2"):
        other.load_state_dict(state)
    assert not other.state


def test_a_loaded_state_is_a_copy() -> None:
    p, q = leaf(1.0), leaf(1.0)
    p.grad, q.grad = torch.ones(1), torch.ones(1)
    first, second = optim.Adam([p]), optim.Adam([q])
    first.step()
    second.load_state_dict(first.state_dict())
    first.step()
    assert first.state[p]["step"].item() == 2.0
    assert second.state[q]["step"].item() == 1.0
    assert second.state[q]["exp_avg"].item() != first.state[p]["exp_avg"].item()


def test_copies_and_pickles_go_on() -> None:
    p = leaf(1.0)
    p.grad = torch.ones(1)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (q,) = twin.param_groups[0]["params"]
        assert q is not p
        q.grad = torch.ones(1)
        twin.step()
        assert twin.state[q]["momentum_buffer"].item() == pytest.approx(1.9)


def test_it_prints_its_groups() -> None:
    assert repr(optim.SGD([leaf(1.0)], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n"
        "    foreach: None\n    fused: None\n    lr: 0.1\n    maximize: False\n"
        "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_an_optimizer_of_ones_own() -> None:
    class Sign(optim.Optimizer):
        def __init__(self, params: list[Tensor], lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def step(self, closure: Callable[[], float] | None = None) -> None:
            with torch.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            p.sub_(p.grad.sign() * group["lr"])

    p = leaf(1.0, -1.0)
    optimizer = Sign([p], lr=0.25)
    scheduler = StepLR(optimizer, 1)
    (p * p).sum().backward()
    optimizer.step()
    scheduler.step()
    assert p.tolist() == [0.75, -0.75]


def test_the_state_of_an_optimizer_of_ones_own_comes_back() -> None:
    class Counting(optim.SGD):
        """An optimizer with more state."""

    p = leaf(1.0)
    optimizer = Counting([p])
    optimizer.state[p]["mean"] = torch.ones(1)
    attrgetter("update")(optimizer.state[p])(note="three", seen=[1, 2], step=3)
    again = Counting([p])
    again.load_state_dict(optimizer.state_dict())
    assert repr(again.state[p]) == repr({**optimizer.state[p], "step": torch.tensor(3.0)})
    assert again.state[p]["mean"] is not optimizer.state[p]["mean"]


def test_a_schedule_that_comes_too_early_warns() -> None:
    optimizer = optim.SGD([leaf(1.0)], lr=0.1)
    scheduler = StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
        scheduler.step()


def test_schedules_check_their_arguments() -> None:
    optimizer = optim.SGD([leaf(1.0)], lr=0.1)
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        attrgetter("StepLR")(optim.lr_scheduler)(3, 1)
    with pytest.raises(KeyError, match="'initial_lr' is not specified in param_groups"):
        StepLR(optimizer, 1, last_epoch=3)
    with pytest.raises(ValueError, match="Expected 1 lr_lambdas, but got 2"):
        LambdaLR(optimizer, [lambda epoch: 1.0, lambda epoch: 2.0])
    with pytest.raises(ValueError, match=r"greater than 0 and less or equal to 1, but got 0.0"):
        optim.lr_scheduler.LinearLR(optimizer, start_factor=0.0)
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 2.0"):
        optim.lr_scheduler.LinearLR(optimizer, end_factor=2.0)
    scheduler = StepLR(optimizer, 1)
    with pytest.raises(TypeError, match="dict-like"):
        scheduler.load_state_dict([])
    with pytest.raises(ValueError, match="is not that of a StepLR"):
        scheduler.load_state_dict({"gamma": 1})


def test_a_run_is_taken_up_at_an_epoch() -> None:
    optimizer = optim.SGD([leaf(1.0)], lr=0.1)
    optimizer.param_groups[0]["initial_lr"] = 0.4
    scheduler = StepLR(optimizer, 2, gamma=0.5, last_epoch=3)
    assert scheduler.base_lrs == [0.4]
    assert scheduler.last_epoch == 4
    assert scheduler.get_last_lr() == [0.05]


def test_clipping_by_norm_and_by_value() -> None:
    p, q = leaf(0.0, 0.0), leaf(0.0)
    p.grad, q.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    unused = leaf(1.0)
    assert nn.utils.clip_grad_norm_([p, unused, q], 1.0).item() == 5.0
    assert nn.utils.get_total_norm([p.grad, q.grad]).item() == pytest.approx(1.0, abs=1e-6)
    assert nn.utils.clip_grad_norm_([p, q], 10.0).item() == pytest.approx(1.0, abs=1e-6)
    assert p.grad[0].item() == pytest.approx(0.6, abs=1e-6)
    assert nn.utils.clip_grad_norm_([p, q], 10.0, norm_type=float("inf")).item() == pytest.approx(
        0.8, abs=1e-6
    )
    nn.utils.clip_grad_value_([p, q], 0.5)
    assert p.grad[0].item() == 0.5
    assert nn.utils.clip_grad_norm_([unused], 1.0).item() == 0.0
    q.grad = torch.tensor([float("inf")])
    with pytest.raises(RuntimeError, match="is non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_(q, 1.0, error_if_nonfinite=True)


def test_parameters_as_one_vector_and_back() -> None:
    model = nn.Linear(2, 3)
    vector = nn.utils.parameters_to_vector(model.parameters())
    assert vector.shape == (9,)
    vector.sum().backward()
    assert model.bias is not None
    assert model.bias.grad is not None
    nn.utils.vector_to_parameters(torch.arange(9.0), model.parameters())
    assert model.weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert model.bias.tolist() == [6.0, 7.0, 8.0]
    assert model.weight.requires_grad
    with pytest.raises(RuntimeError, match="have 9 elements, but the vector has 4"):
        nn.utils.vector_to_parameters(torch.zeros(4), model.parameters())
    with pytest.raises(TypeError, match=r"expected minitorch.Tensor, but got: list"):
        attrgetter("vector_to_parameters")(nn.utils)([1.0], model.parameters())
    with pytest.raises(TypeError, match="two parameters on different devices"):
        nn.utils.parameters_to_vector([leaf(1.0), torch.ones(1, device="numpy")])
