"""An optimizer's groups and memories as a `state_dict`, in PyTorch's layout, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minitorch.optim.options import Options, ParamGroup, State
from minitorch_tensor import Tensor


def packed(
    param_groups: Sequence[ParamGroup], memories: Mapping[Tensor, Mapping[str, object]]
) -> dict[str, object]:
    """The groups and the memories, with numbers in the place of the parameters."""
    numbers: dict[Tensor, int] = {}
    groups: list[dict[str, object]] = []
    start = 0
    for group in param_groups:
        for i, p in enumerate(group["params"], start):
            numbers.setdefault(p, i)
        each: dict[str, object] = {name: value for name, value in group.items() if name != "params"}
        each["params"] = [numbers[p] for p in group["params"]]
        start += len(group["params"])
        groups.append(each)
    state = {numbers[p]: dict(memory) for p, memory in memories.items() if p in numbers}
    return {"state": state, "param_groups": groups}


def unpacked(
    state_dict: Mapping[str, object], param_groups: Sequence[ParamGroup], defaults: Options
) -> tuple[list[ParamGroup], dict[Tensor, State]]:
    """The groups and memories of a state dictionary, for the parameters of some groups.

    Raises:
        TypeError: if it has not the parts it should have.
        ValueError: if the groups do not match.
    """
    for key in ("state", "param_groups"):
        if key not in state_dict:
            raise ValueError(f"loaded state dict has no entry '{key}'; is it an optimizer's?")
    saved, state = state_dict["param_groups"], state_dict["state"]
    if not isinstance(saved, Sequence) or not isinstance(state, Mapping):
        raise TypeError(
            "loaded state dict: 'param_groups' must be a list and 'state' a dictionary, but they "
            f"are {type(saved).__name__} and {type(state).__name__}"
        )
    if len(saved) != len(param_groups):
        raise ValueError(
            "loaded state dict has a different number of parameter groups: "
            f"{len(saved)}, but the optimizer has {len(param_groups)}"
        )
    owners: dict[object, Tensor] = {}
    made: list[ParamGroup] = []
    for theirs, ours in zip(saved, param_groups, strict=True):
        if len(theirs["params"]) != len(ours["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                f"optimizer's group: {len(theirs['params'])} parameters, not {len(ours['params'])}"
            )
        owners.update(zip(theirs["params"], ours["params"], strict=True))
        plain = theirs.copy()
        for name, default in defaults.items():
            if isinstance(default, tuple) and isinstance(plain.get(name), list):
                plain[name] = tuple(plain[name])  # again, after a file made a list of it
        options: ParamGroup = plain
        options["params"] = ours["params"]
        if "param_names" in ours:
            options.setdefault("param_names", ours["param_names"])
        made.append({**defaults, **options})
    return made, {owners[key]: memory for key, memory in state.items() if key in owners}


def fit(p: Tensor, name: str, value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A loaded value as state of p: copied, on its device, and of its dtype unless a count.

    What is no tensor, in the state of an optimizer of one's own, stays as it is.

    Raises:
        ValueError: if it is a tensor of several numbers, and of another shape.
    """
    if not isinstance(value, Tensor):
        return value
    if value.ndim > 0 and value.shape != shape:
        wanted = "its parameter has shape" if shape == p.shape else "should have shape"
        raise ValueError(
            f"loaded state dict: '{name}' has shape {value.shape}, but {wanted} {shape}"
        )
    dtype = p.dtype if name != "step" and p.dtype.is_floating_point else value.dtype
    return value.detach().to(device=p.device, dtype=dtype, copy=True)
