"""Saving and loading: state dictionaries in PyTorch's own format, or as safetensors.

The name says which is written: `.pt`, `.pth` and `.tar` mean PyTorch's, which torch.load reads;
any other name means safetensors, which many libraries read. Loading looks at the content. No file
can run anything: a pickle inside one is read by a machine that has no way to (`pickle_machine`).

A file is written beside its destination and then moved there in one step: a crash, a full disk or
an error leaves the old file as it was (`replacing`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import BinaryIO, Protocol

from minitorch.nn.parameter import typename
from minitorch_tensor import Device

__all__ = ["load", "save"]

_PYTORCH = (".pt", ".pth", ".tar")  # checkpoint.pth.tar is a custom of PyTorch's examples


class Writable(Protocol):
    """An open binary file."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""
        ...


def save(obj: Mapping[str, object], f: str | os.PathLike[str] | Writable) -> None:
    """Save a state dictionary, or several in a dictionary with whatever belongs to them.

    https://docs.pytorch.org/docs/stable/generated/torch.save.html

    Args:
        obj: a dictionary of tensors, numbers, strings and None, and of dictionaries, lists and
            tuples of them.
        f: a path; an existing file is replaced only once the new one is complete. Or an open file.
            A name that ends in .pt, .pth or .tar gets PyTorch's format, for
            `torch.load(f, weights_only=True)`; views stay views, and keep `requires_grad`. Any
            other gets safetensors: tensors by value, and the rest as JSON in the metadata, so that
            a dictionary of tensors becomes a file that any reader of safetensors understands.

    Raises:
        TypeError: if something of another type is in `obj`; the message says where.
        ValueError: if `obj` contains itself, or is nested hundreds deep.
        OSError: if the file cannot be written; an old one is then left as it was.

    >>> import minitorch as torch, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"w": torch.ones(2), "epoch": 3}, f"{folder}/run.safetensors")
    ...     torch.save({"w": torch.ones(2), "epoch": 4}, f"{folder}/run.pt")
    ...     torch.load(f"{folder}/run.safetensors"), torch.load(f"{folder}/run.pt")["epoch"]
    ({'w': Tensor([1., 1.], requires_grad=False), 'epoch': 3}, 4)
    """
    from minitorch.serialization.replacing import replace
    from minitorch.serialization.tree import REMEDY

    if not isinstance(obj, Mapping):
        raise TypeError(
            f"save: expected a dictionary, but got {typename(obj)}; {REMEDY}, and a single tensor "
            "in a dictionary"
        )
    named = f if isinstance(f, (str, os.PathLike)) else getattr(f, "name", "")
    path = os.fspath(named) if isinstance(named, (str, os.PathLike)) else ""
    if path.endswith(_PYTORCH):
        from minitorch.serialization.torch_writer import prepared
    else:
        from minitorch.serialization.safetensors_format import prepared
    try:  # whatever is wrong with `obj` is found here, before a file is touched
        write = prepared(obj)
    except RecursionError:
        raise ValueError("save: the dictionary is nested too deeply; save its parts") from None
    if isinstance(f, (str, os.PathLike)):
        replace(path, write)
    else:
        content = io.BytesIO()
        write(content)
        f.write(content.getvalue())


def load(
    f: str | os.PathLike[str] | BinaryIO,
    map_location: str | Device | None = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> dict[str, object]:
    """Load what `save` saved, a dictionary that torch.save saved, or any file of safetensors.

    Nothing in the file is run. What was saved with `torch.save(model)`, or has other objects than
    tensors, numbers, strings, bytes, sizes, dtypes, devices and None, in dictionaries, lists,
    tuples and sets, is refused by name.
    https://docs.pytorch.org/docs/stable/generated/torch.load.html

    Args:
        f: a path, or an open file.
        map_location: the device of the tensors, whatever it was when they were saved; the default
            device if omitted.
        weights_only: as in PyTorch; both values mean the same, for nothing else is ever loaded.
        mmap: whether to map the file into memory, so that only what is used is read. Tensors can
            be written, which does not change the file. Checksums are not looked at. While they
            live the file may be replaced, as `save` does, but must not be cut short in place:
            reading them would then end the program.

    Returns:
        The dictionary. (Its values are of type `object` to a type checker; `load_state_dict` of
        modules, optimizers and schedules accepts them as they are.)

    Raises:
        RuntimeError: if the file is damaged, or of another format; the message names it.
        pickle.UnpicklingError: if it names what is not loaded; the message says what, and how to
            save it instead.
        OSError: if it cannot be read.
        ValueError: if an open file shall be mapped.
    """
    from minitorch.serialization.damage import DamagedError, RefusedError
    from minitorch.serialization.reading import read
    from minitorch.serialization.sources import opened

    name = (
        f"'{os.fspath(f)}'"
        if isinstance(f, (str, os.PathLike))
        else str(getattr(f, "name", "the given stream"))
    )
    try:
        with opened(f, bool(mmap)) as source:
            return read(source, map_location)
    except DamagedError as error:
        raise RuntimeError(
            f"load: {name} cannot be read {error}: it is damaged, incomplete, or of another format"
        ) from error
    except RefusedError as error:
        from pickle import UnpicklingError

        raise UnpicklingError(f"load: {name} holds {error.what}; {error.remedy}") from error
