"""Schedules: fifty steps give the rates and momenta of torch, digit for digit."""

import itertools
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Protocol

import pytest

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

STEPS = 50


class Stepper(Protocol):
    """An optimizer or a schedule of either library."""

    param_groups: list[dict[str, object]]
    num_bad_epochs: int
    in_cooldown: bool

    def step(self, *args: object) -> object: ...
    def get_lr(self) -> list[float]: ...
    def get_last_lr(self) -> list[float]: ...
    def state_dict(self) -> dict[str, object]: ...
    def load_state_dict(self, state_dict: object, /) -> None: ...


Make = Callable[[ModuleType, Stepper], Stepper]


class Decay:
    """A function with an attribute, which is saved."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, epoch: float) -> float:
        return pow(self.rate, int(epoch))


def made(name: str, **options: object) -> Make:
    return lambda t, optimizer: getattr(t.optim.lr_scheduler, name)(optimizer, **options)


def chained(t: ModuleType, optimizer: Stepper) -> Stepper:
    s = t.optim.lr_scheduler
    parts = [s.ConstantLR(optimizer, factor=0.1, total_iters=2), s.ExponentialLR(optimizer, 0.9)]
    made: Stepper = s.ChainedScheduler(parts, optimizer=optimizer)
    return made


def sequential(t: ModuleType, optimizer: Stepper) -> Stepper:
    s = t.optim.lr_scheduler
    parts = [
        s.ConstantLR(optimizer, factor=0.1, total_iters=20),
        s.ExponentialLR(optimizer, gamma=0.9),
        s.CosineAnnealingLR(optimizer, T_max=9),
    ]
    made: Stepper = s.SequentialLR(optimizer, schedulers=parts, milestones=[20, 31])
    return made


def nested(t: ModuleType, optimizer: Stepper) -> Stepper:
    s = t.optim.lr_scheduler
    inner = s.SequentialLR(
        optimizer, [s.LinearLR(optimizer), s.StepLR(optimizer, 4)], milestones=[6]
    )
    made: Stepper = s.SequentialLR(
        optimizer, [inner, s.PolynomialLR(optimizer, 20)], milestones=[17]
    )
    return made


SCHEDULES: dict[str, Make] = {
    "step": made("StepLR", step_size=3),
    "step 2": made("StepLR", step_size=4, gamma=0.7),
    "multi-step": made("MultiStepLR", milestones=[2, 5, 5, 40], gamma=0.5),
    "constant": made("ConstantLR"),
    "constant 2": made("ConstantLR", factor=0.25, total_iters=11),
    "linear": made("LinearLR"),
    "linear 2": made("LinearLR", start_factor=0.5, end_factor=0.1, total_iters=14),
    "exponential": made("ExponentialLR", gamma=0.9),
    "polynomial": made("PolynomialLR"),
    "polynomial 2": made("PolynomialLR", total_iters=30, power=1.7),
    "cosine": made("CosineAnnealingLR", T_max=5),
    "cosine 2": made("CosineAnnealingLR", T_max=40, eta_min=0.01),
    "restarts": made("CosineAnnealingWarmRestarts", T_0=7),
    "restarts 2": made("CosineAnnealingWarmRestarts", T_0=3, T_mult=2, eta_min=0.01),
    "lambda": made("LambdaLR", lr_lambda=lambda epoch: 0.95**epoch),
    "lambda 2": made("LambdaLR", lr_lambda=[lambda epoch: 1 / (epoch + 1), Decay(0.9)]),
    "multiplicative": made("MultiplicativeLR", lr_lambda=lambda epoch: 0.95),
    "multiplicative 2": made("MultiplicativeLR", lr_lambda=[Decay(0.99), lambda epoch: 1.01]),
    "cyclic": made("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=5),
    "cyclic 2": made(
        "CyclicLR",
        base_lr=[0.01, 0.02],
        max_lr=[0.1, 0.3],
        step_size_up=4,
        step_size_down=9,
        mode="triangular2",
    ),
    "cyclic 3": made(
        "CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=7, mode="exp_range", gamma=0.97
    ),
    "cyclic 4": made(
        "CyclicLR",
        base_lr=0.01,
        max_lr=0.1,
        step_size_up=6,
        scale_fn=Decay(0.8),
        base_momentum=0.5,
        max_momentum=[0.7, 0.8],
    ),
    "cyclic 5": made(
        "CyclicLR",
        base_lr=0.01,
        max_lr=0.1,
        step_size_up=6,
        scale_fn=lambda x: 1 / (1 + x),
        scale_mode="iterations",
        cycle_momentum=False,
    ),
    "one cycle": made("OneCycleLR", max_lr=0.1, total_steps=STEPS),
    "one cycle 2": made(
        "OneCycleLR", max_lr=[0.1, 0.2], epochs=10, steps_per_epoch=6, anneal_strategy="linear"
    ),
    "one cycle 3": made(
        "OneCycleLR", max_lr=0.1, total_steps=60, three_phase=True, pct_start=0.2, div_factor=5.0
    ),
    "one cycle 4": made("OneCycleLR", max_lr=0.1, total_steps=55, cycle_momentum=False),
    "chained": chained,
    "sequential": sequential,
    "nested": nested,
}
CLOSED = [
    "step", "multi-step", "constant 2", "linear 2", "exponential", "polynomial 2", "cosine 2",
    "restarts", "restarts 2", "lambda", "cyclic 2", "one cycle",
]  # fmt: skip


def optimizer_of(t: ModuleType, kind: str = "SGD") -> Stepper:
    first, second = (t.ones(1).requires_grad_() for _ in range(2))
    groups = [{"params": [first]}, {"params": [second], "lr": 0.5}]
    optimizer: Stepper = getattr(t.optim, kind)(groups, lr=0.1)
    return optimizer


class Run:
    """An optimizer and its schedule."""

    def __init__(self, t: ModuleType, name: str, kind: str = "SGD") -> None:
        self.optimizer = optimizer_of(t, kind)
        with warnings.catch_warnings():  # PyTorch's warn of a schedule within a schedule
            warnings.simplefilter("ignore")
            self.scheduler = SCHEDULES[name](t, self.optimizer)

    def seen(self) -> list[object]:
        names = ("lr", "momentum", "betas")
        groups = [[group.get(name) for name in names] for group in self.optimizer.param_groups]
        return [groups, self.scheduler.get_last_lr()]

    def go(self, steps: int) -> list[object]:
        found: list[object] = [self.seen()]
        for _ in range(steps):
            self.optimizer.step()
            self.scheduler.step()
            found.append(self.seen())
        return found


@pytest.mark.parametrize("name", SCHEDULES)
def test_fifty_steps_are_those_of_torch(name: str) -> None:
    ours, theirs = Run(minitorch, name), Run(torch, name)
    assert ours.go(STEPS) == theirs.go(STEPS)
    mine, wanted = ours.scheduler.state_dict(), theirs.scheduler.state_dict()
    assert same(mine, wanted)


def same(ours: object, theirs: object) -> bool:
    """Equal, but for flags of a step that is over."""
    flags = {"_is_initial", "_get_lr_called_within_step"}
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = theirs.keys() - flags
        return ours.keys() - flags == keys and all(same(ours[key], theirs[key]) for key in keys)
    if isinstance(ours, list) and isinstance(theirs, list):
        return all(itertools.starmap(same, zip(ours, theirs, strict=True)))
    return ours == theirs


@pytest.mark.parametrize("name", ["cyclic", "cyclic 4", "one cycle", "one cycle 3"])
def test_the_first_beta_is_the_momentum_of_adam(name: str) -> None:
    assert Run(minitorch, name, "Adam").go(20) == Run(torch, name, "Adam").go(20)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_taken_up_where_torch_left_it_and_back(name: str) -> None:
    first = Run(torch, name)
    first.go(9)
    ours = Run(minitorch, name)
    ours.scheduler.load_state_dict(first.scheduler.state_dict())
    ours.optimizer.load_state_dict(first.optimizer.state_dict())
    assert ours.go(9) == first.go(9)
    again = Run(torch, name)
    again.scheduler.load_state_dict(ours.scheduler.state_dict())
    again.optimizer.load_state_dict(ours.optimizer.state_dict())
    assert again.go(9) == ours.go(9)


@pytest.mark.parametrize("name", CLOSED)
def test_an_epoch_may_be_given(name: str) -> None:
    def rates(t: ModuleType) -> list[object]:
        run = Run(t, name)
        run.go(2)
        found = []
        for epoch in (5, 17, 3, 0, 44):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run.scheduler.step(epoch)
            found.append(run.seen())
        return found + run.go(3)

    assert rates(minitorch) == rates(torch)


PLATEAUS: list[dict[str, object]] = [
    {},
    {"patience": 2, "factor": 0.5},
    {"mode": "max", "patience": 1, "cooldown": 2},
    {"patience": 0, "threshold": 0.2, "threshold_mode": "abs", "min_lr": [0.01, 0.1]},
    {"mode": "max", "patience": 1, "threshold": 0.05, "threshold_mode": "abs", "eps": 0.01},
]


@pytest.mark.parametrize("options", PLATEAUS)
def test_a_plateau_is_found_where_torch_finds_it(options: dict[str, object]) -> None:
    def go(t: ModuleType) -> list[object]:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        found: list[object] = []
        for i in range(STEPS):
            metric = 1.0 / (i + 1) if i < 12 else 0.1 + (i * 7 % 5) / 20
            scheduler.step(metric if i % 2 else t.tensor(metric))
            found.append((scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.in_cooldown))
            if i == 25:
                state = scheduler.state_dict()
                scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
                scheduler.load_state_dict(state)
        state = scheduler.state_dict()
        return [*found, state]

    ours, theirs = go(minitorch), go(torch)
    assert ours[:-1] == theirs[:-1]
    assert same(ours[-1], theirs[-1])


BAD: list[Make] = [
    made("ConstantLR", factor=2.0),
    made("ConstantLR", factor=-1.0),
    made("LambdaLR", lr_lambda=[abs]),
    made("MultiplicativeLR", lr_lambda=3),
    made("CosineAnnealingWarmRestarts", T_0=0),
    made("CosineAnnealingWarmRestarts", T_0=2, T_mult=0),
    made("CosineAnnealingWarmRestarts", T_0=2, eta_min="low"),
    made("CyclicLR", base_lr=[0.1], max_lr=0.2),
    made("CyclicLR", base_lr=0.1, max_lr=0.2, mode="square"),
    made("OneCycleLR", max_lr=0.1),
    made("OneCycleLR", max_lr=0.1, total_steps=0),
    made("OneCycleLR", max_lr=0.1, epochs=-1, steps_per_epoch=2),
    made("OneCycleLR", max_lr=0.1, epochs=1, steps_per_epoch=0.5),
    made("OneCycleLR", max_lr=0.1, total_steps=5, pct_start=2.0),
    made("OneCycleLR", max_lr=0.1, total_steps=5, anneal_strategy="steep"),
    made("OneCycleLR", max_lr=[0.1], total_steps=5),
    made("ReduceLROnPlateau", factor=1.0),
    made("ReduceLROnPlateau", mode="mean"),
    made("ReduceLROnPlateau", threshold_mode="both"),
    made("ReduceLROnPlateau", min_lr=[0.1]),
    made("SequentialLR", schedulers=[], milestones=[]),
    made("StepLR", step_size=3, last_epoch=4),
    lambda t, optimizer: t.optim.lr_scheduler.StepLR(3, 1),
    lambda t, optimizer: t.optim.lr_scheduler.ChainedScheduler([]),
    lambda t, optimizer: t.optim.lr_scheduler.ChainedScheduler(
        [t.optim.lr_scheduler.ReduceLROnPlateau(optimizer)]
    ),
    lambda t, optimizer: t.optim.lr_scheduler.SequentialLR(
        optimizer, [t.optim.lr_scheduler.StepLR(optimizer, 1)], [3]
    ),
    lambda t, optimizer: t.optim.lr_scheduler.OneCycleLR(
        t.optim.Rprop([t.ones(1, requires_grad=True)]), 0.1, total_steps=4
    ),
    lambda t, optimizer: t.optim.lr_scheduler.ReduceLROnPlateau(optimizer).step(),
]


@pytest.mark.parametrize("index", range(len(BAD)))
def test_what_torch_refuses_is_refused_likewise(index: int) -> None:
    def error(t: ModuleType) -> tuple[str, str]:
        with pytest.raises((ValueError, TypeError, KeyError)) as caught:
            BAD[index](t, optimizer_of(t))
        return caught.type.__name__, str(caught.value).partition(", but got")[0].rstrip(".")

    assert error(minitorch) == error(torch)


def test_more_steps_than_were_said_are_refused() -> None:
    def error(t: ModuleType) -> str:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
        optimizer.step()
        for _ in range(3):
            scheduler.step()
        with pytest.raises(ValueError, match="Tried to step 4 times") as caught:
            scheduler.step()
        return str(caught.value)

    assert error(minitorch) == error(torch)


def test_asking_for_the_next_rates_warns() -> None:
    for t in (minitorch, torch):
        run = Run(t, "step")
        with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
            run.scheduler.get_lr()
        with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`"):
            run.scheduler.step()
        with pytest.warns(UserWarning, match="The epoch parameter"):
            run.scheduler.step(3)
