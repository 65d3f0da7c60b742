"""Averaged models, their schedule, and their batch norms: those of torch."""

from types import ModuleType

import numpy as np
import pytest

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

OPTIONS: list[tuple[str | None, str, tuple[float, ...], bool]] = [
    (None, "", (), False),
    (None, "", (), True),
    ("avg_fn", "get_swa_avg_fn", (), False),
    ("avg_fn", "get_ema_avg_fn", (0.8,), False),
    ("multi_avg_fn", "get_ema_multi_avg_fn", (), False),
    ("multi_avg_fn", "get_ema_multi_avg_fn", (0.7,), True),
    ("multi_avg_fn", "get_swa_multi_avg_fn", (), False),
]


def device_of(t: ModuleType) -> str:
    return "numpy" if t is minitorch else "cpu"


@pytest.mark.parametrize(("kind", "name", "args", "use_buffers"), OPTIONS)
def test_a_model_is_averaged_as_in_torch(
    kind: str | None, name: str, args: tuple[float, ...], use_buffers: bool
) -> None:
    def run(t: ModuleType) -> dict[str, list[float]]:
        t.manual_seed(1)
        device, utils = device_of(t), t.optim.swa_utils
        place = {"device": device}
        layers = [t.nn.Linear(3, 4, **place), t.nn.BatchNorm1d(4, **place)]
        model = t.nn.Sequential(*layers, t.nn.Linear(4, 1, **place))
        options = {} if kind is None else {kind: getattr(utils, name)(*args)}
        averaged = utils.AveragedModel(model, device, use_buffers=use_buffers, **options)
        optimizer = t.optim.SGD(model.parameters(), lr=0.1)
        values = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
        batches = [t.tensor(each, device=device) for each in values]
        for x in batches:
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
            averaged.update_parameters(model)
        found = dict(averaged.state_dict())
        averaged.eval()
        utils.update_bn([(x, 0) for x in batches], averaged)
        found |= {f"after {key}": value for key, value in averaged.state_dict().items()}
        found["output"] = averaged(batches[0])
        assert not averaged.training
        assert model[1].momentum == averaged.module[1].momentum == 0.1
        return {key: value.tolist() for key, value in found.items()}

    ours, theirs = run(minitorch), run(torch)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        np.testing.assert_allclose(ours[key], value, rtol=2e-5, atol=1e-6, err_msg=key)


def test_a_copy_may_be_elsewhere() -> None:
    model = minitorch.nn.Linear(2, 1, device="numpy")
    averaged = minitorch.optim.swa_utils.AveragedModel(model, device="numpy")
    for _ in range(2):
        averaged.update_parameters(model)
    assert averaged.n_averaged.device.type == "numpy"
    assert [p.tolist() for p in averaged.parameters()] == [p.tolist() for p in model.parameters()]
    minitorch.optim.swa_utils.update_bn([minitorch.ones(1)], model)  # there is none


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.01},
        {"swa_lr": [0.01, 0.02], "anneal_epochs": 5, "anneal_strategy": "linear"},
        {"swa_lr": 0.3, "anneal_epochs": 0},
    ],
)
def test_the_schedule_is_that_of_torch(options: dict[str, object]) -> None:
    def rates(t: ModuleType) -> list[list[float]]:
        groups = [{"params": [t.ones(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.5)]
        optimizer = t.optim.SGD(groups)
        scheduler = t.optim.swa_utils.SWALR(optimizer, **options)
        found = []
        for i in range(50):
            optimizer.step()
            scheduler.step()
            found.append(scheduler.get_last_lr())
            if i == 3:
                state = scheduler.state_dict()
                scheduler = t.optim.swa_utils.SWALR(optimizer, **options)
                scheduler.load_state_dict(state)
        return found

    assert rates(minitorch) == rates(torch)


def test_what_torch_refuses_is_refused() -> None:
    def errors(t: ModuleType) -> list[str]:
        utils, model = t.optim.swa_utils, t.nn.Linear(1, 1)
        optimizer = t.optim.SGD(model.parameters())
        found = []
        with pytest.raises(AssertionError) as caught:
            utils.AveragedModel(model, avg_fn=abs, multi_avg_fn=abs)
        found.append(str(caught.value))
        for make, args in [
            (utils.get_ema_avg_fn, (1.5,)),
            (utils.get_ema_multi_avg_fn, (-0.5,)),
            (utils.SWALR, (optimizer, 0.1, -1)),
            (utils.SWALR, (optimizer, 0.1, 5, "steep")),
            (utils.SWALR, (optimizer, [0.1, 0.2])),
        ]:
            with pytest.raises(ValueError, match=r"\w") as caught_too:
                make(*args)
            found.append(str(caught_too.value))
        return found

    assert errors(minitorch) == errors(torch)
