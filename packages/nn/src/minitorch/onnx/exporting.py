"""`export`: a model as an ONNX file, which other runtimes than Python can run."""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from minitorch.nn import Module
from minitorch.onnx.building import Builder, element_type
from minitorch.onnx.errors import OnnxExporterError
from minitorch.onnx.graph import Trace
from minitorch.onnx.merging import Merged
from minitorch.onnx.sizes import Runs, plans
from minitorch.onnx.tracing import evaluating, state_of, trace
from minitorch.serialization.replacing import replace
from minitorch_tensor import HostArray, Tensor
from minitorch_tensor.conversion import host_array
from minitorch_tensor.trees import leaves, mapped

if TYPE_CHECKING:
    import onnx

OPSETS = range(18, 24)
"""The versions of the ONNX operators that can be asked for."""
Axes = Mapping[int, str] | Sequence[int]
"""The dynamic axes of one tensor: their numbers, with a name for each if wanted."""


class Writable(Protocol):
    """A binary file."""

    def write(self, data: bytes, /) -> int:
        """Write all of the data."""
        ...


def export(
    model: Module,
    args: Tensor | Sequence[object] = (),
    f: str | os.PathLike[str] | Writable | None = None,
    *,
    kwargs: Mapping[str, object] | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    opset_version: int | None = None,
    dynamic_axes: Mapping[str, Axes] | None = None,
    dynamic_shapes: Mapping[str, Axes | None] | None = None,
    export_params: bool = True,
    verbose: bool | None = None,
    do_constant_folding: bool = True,
    dynamo: bool = True,
) -> onnx.ModelProto:
    """Write the model as an ONNX file: the operations of one run of it on example inputs.

    https://docs.pytorch.org/docs/stable/onnx_export.html, https://onnx.ai/onnx/operators/

    The model runs in evaluation mode, without gradients. What Python decides on the way is decided
    for good: of an `if` the branch that was taken is in the file, of a loop as many rounds as were
    made, and a number read with `item()` stays as it was, of which a `TracerWarning` tells.
    Parameters and buffers are in the file under their names in the state dictionary.

    Sizes are those of the example, but along dynamic axes the file takes any. For these the model
    runs at some other sizes too, on the example repeated or cut, and what changed must follow the
    sizes simply, or nothing is written.

    Args:
        model: what to export.
        args: the example inputs: a tensor, or a sequence with one entry for each argument of
            `forward`. Tensors in tuples, lists and dicts are inputs; anything else is a constant.
        f: a path or a binary file; None to only return the model.
        kwargs: arguments given by name.
        input_names: of the tensors among the arguments; those of the arguments of `forward` if
            omitted.
        output_names: of the tensors returned; `output`, or `output_0` and so on, if omitted.
        opset_version: the version of the operators, 18 to 23; 18 if omitted.
        dynamic_axes: for names of inputs, which axes may have any size: `{"x": {0: "batch"}}`, or
            `{"x": [0]}` without a name of the size. Axes of one name have one size. For an output
            this only names axes.
        dynamic_shapes: the same, as newer code says it.
        export_params: whether parameters are stored; if not, they are inputs of the file.
        verbose: accepted as PyTorch has it; nothing is printed.
        do_constant_folding: likewise; constants are always folded.
        dynamo: likewise; there is one way to trace.

    Returns:
        The file's content, an `onnx.ModelProto`, which the library's checker passed.

    Raises:
        ModuleNotFoundError: without the library onnx.
        OnnxExporterError: if something cannot be said in ONNX; the message says what and where.
        TypeError, ValueError: for arguments that do not fit.
    """
    if importlib.util.find_spec("onnx") is None:
        raise ModuleNotFoundError(
            "onnx.export needs the library onnx: pip install 'minitorch[onnx]'", name="onnx"
        )
    if not isinstance(model, Module):
        raise TypeError(f"onnx.export: model must be a Module, not {type(model).__name__}")
    opset = OPSETS[0] if opset_version is None else opset_version
    if opset not in OPSETS:
        raise ValueError(
            f"onnx.export: opset_version must be {OPSETS[0]} to {OPSETS[-1]}, but got {opset}"
        )
    call = _Call.of(model, args, kwargs or {}, input_names)
    axes = _merged_axes(dynamic_axes, dynamic_shapes)
    symbols, labels = call.symbols(axes)
    merged = _traces(model, call, symbols)
    names = _output_names(len(merged.base.outputs), output_names)
    numbers = {name: host_array(x.detach()) for name, x in state_of(model).items()}
    _require_apart(call.names, names, numbers, export_params)
    if not set(labels) <= set(names):
        raise ValueError(
            f"onnx.export: dynamic axes are given for {[*labels]}, but the inputs are "
            f"{[*call.names]} and the outputs {names}"
        )
    for value in merged.base.inputs:
        element_type(value.dtype.name)
    proto = Builder(merged, export_params).model(numbers, names, opset, labels)
    _write(proto, f)
    return proto


def _require_apart(
    inputs: Sequence[str], outputs: Sequence[str], state: Mapping[str, HostArray], stored: bool
) -> None:
    """Refuse names that stand for two things, and more parameters than a file can hold.

    Raises:
        ValueError: for such names.
        OnnxExporterError: for 2 GiB or more.
    """
    for one, other, names in (
        ("inputs", "outputs", set(inputs) & set(outputs)),
        ("inputs", "parameters", set(inputs) & set(state)),
        ("outputs", "parameters", set(outputs) & set(state)),
    ):
        if names:
            raise ValueError(
                f"onnx.export: the names {sorted(names)} stand for {one} and for {other}; choose "
                "others with input_names and output_names"
            )
    size = sum(array.nbytes for array in state.values())
    if size >= 2**31 and stored:
        raise OnnxExporterError(
            f"onnx.export: the parameters have {size} bytes, but a file of protocol buffers can "
            "hold less than 2 GiB; leave them out with export_params=False"
        )


def _merged_axes(
    dynamic_axes: Mapping[str, Axes] | None, dynamic_shapes: Mapping[str, Axes | None] | None
) -> dict[str, dict[int, str]]:
    """For each name its dynamic axes with a name for each."""
    found: dict[str, dict[int, str]] = {}
    for name, axes in {**(dynamic_shapes or {}), **(dynamic_axes or {})}.items():
        if isinstance(axes, Mapping):
            found[name] = {int(axis): str(label) for axis, label in axes.items()}
        else:
            found[name] = {int(axis): f"{name}_{axis}" for axis in axes or ()}
    return found


@dataclass(frozen=True)
class _Symbols:
    """The names of dynamic sizes, these sizes in the example, and which axes have them."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    axes: tuple[dict[int, int], ...]  # for each input: axis -> which symbol


@dataclass(frozen=True)
class _Call:
    """An example call of the model."""

    args: tuple[object, ...]
    kwargs: dict[str, object]
    inputs: tuple[Tensor, ...]
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        model: Module,
        args: Tensor | Sequence[object],
        kwargs: Mapping[str, object],
        input_names: Sequence[str] | None,
    ) -> _Call:
        given = (args,) if isinstance(args, Tensor) else tuple(args)
        bound = inspect.signature(_forward(model)).bind(*given, **kwargs)
        inputs, names = [], []
        for argument, tree in bound.arguments.items():
            tensors = [x for x in leaves(tree) if isinstance(x, Tensor)]
            inputs += tensors
            alone = isinstance(tree, Tensor)
            names += [argument] if alone else [f"{argument}_{i}" for i in range(len(tensors))]
        if input_names is not None:
            if len(input_names) != len(inputs):
                raise ValueError(
                    f"onnx.export: there are {len(inputs)} tensors among the arguments, {names}, "
                    f"but {len(input_names)} input_names"
                )
            names = list(input_names)
        if len(set(names)) < len(names):
            raise ValueError(f"onnx.export: input names must differ, but are {names}")
        ordered = [x for x in leaves((list(given), dict(kwargs))) if isinstance(x, Tensor)]
        rest = list(zip(inputs, names, strict=True))
        names = [rest.pop(_place(rest, x))[1] for x in ordered]
        return cls(given, dict(kwargs), tuple(ordered), tuple(names))

    def symbols(
        self, axes: Mapping[str, Mapping[int, str]]
    ) -> tuple[_Symbols, dict[str, dict[int, str]]]:
        """The dynamic sizes of inputs, and the names of axes of outputs."""
        found: dict[str, int] = {}
        places: list[dict[int, int]] = []
        for name, x in zip(self.names, self.inputs, strict=True):
            own: dict[int, int] = {}
            for axis, label in sorted(axes.get(name, {}).items()):
                if not -x.ndim <= axis < x.ndim:
                    raise ValueError(
                        f"onnx.export: dynamic axis {axis} of {name!r} is none of its {x.ndim}"
                    )
                size = x.shape[axis]
                if found.setdefault(label, size) != size:
                    raise ValueError(
                        f"onnx.export: the dynamic axis {label!r} has size {found[label]} in one "
                        f"example input and {size} in {name!r}; give them different names"
                    )
                own[axis % x.ndim] = list(found).index(label)
            places.append(own)
        rest = {name: dict(own) for name, own in axes.items() if name not in self.names}
        return _Symbols(tuple(found), tuple(found.values()), tuple(places)), rest

    def at(self, symbols: _Symbols, sizes: Sequence[int]) -> _Call:
        """The call with fresh tensors of these sizes: the example repeated, or cut."""
        made = []
        for x, own in zip(self.inputs, symbols.axes, strict=True):
            y = x.detach()
            for axis, symbol in own.items():
                n = y.shape[axis]
                if n == 0:
                    raise ValueError("onnx.export: a dynamic axis of the example has size 0")
                y = y.index_select(axis, y._arange(sizes[symbol]) % n)
            made.append(y.clone())
        fresh = iter(made)
        args, kwargs = (
            mapped(lambda leaf: next(fresh) if isinstance(leaf, Tensor) else leaf, tree)
            for tree in (list(self.args), self.kwargs)
        )
        assert isinstance(args, list)
        assert isinstance(kwargs, dict)
        return _Call(tuple(args), kwargs, tuple(made), self.names)


def _forward(model: Module) -> Callable[..., object]:
    found: Callable[..., object] = attrgetter("forward")(model)
    return found


def _place(named: Sequence[tuple[Tensor, str]], x: Tensor) -> int:
    return next(i for i, (other, _) in enumerate(named) if other is x)


def _traces(model: Module, call: _Call, symbols: _Symbols) -> Merged:
    """The model at the sizes of the example, or at several sizes where they are dynamic."""
    runs = plans(symbols.names, symbols.sizes) if symbols.names else [Runs((), ((),))]
    with evaluating(model):
        for plan in runs:
            try:
                traces = [_traced(model, call.at(symbols, sizes)) for sizes in plan.sizes]
            except OnnxExporterError:
                raise
            except Exception as error:
                if plan is not runs[-1]:
                    continue
                if symbols.names:
                    error.add_note(
                        f"onnx.export ran the model with other sizes of the dynamic axes "
                        f"{symbols.names} than those of the example, {symbols.sizes}: axes that "
                        "must be alike need one name, and others may not be dynamic at all"
                    )
                raise
            return Merged(traces, plan)
    raise AssertionError("there is at least one plan")


def _traced(model: Module, call: _Call) -> Trace:
    return trace(model, call.args, call.kwargs, call.names)


def _output_names(count: int, given: Sequence[str] | None) -> list[str]:
    if given is None:
        return ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
    if len(given) != count or len(set(given)) < count:
        raise ValueError(
            f"onnx.export: forward returns {count} tensors, which need as many different "
            f"output_names, but got {list(given)}"
        )
    return list(given)


def _write(proto: onnx.ModelProto, f: str | os.PathLike[str] | Writable | None) -> None:
    """Check the file, and write it in one step."""
    import onnx

    onnx.checker.check_model(proto, full_check=True)
    if f is None:
        return
    data = proto.SerializeToString()
    if isinstance(f, (str, os.PathLike)):
        replace(os.fspath(f), lambda file: file.write(data))
    else:
        f.write(data)
