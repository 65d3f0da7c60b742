"""How the results of several tensors look: each on lines of its own, as PyTorch prints them."""

from __future__ import annotations

from collections.abc import Mapping


def on_lines(name: str, fields: Mapping[str, object]) -> str:
    r"""Each field on lines of its own, so that the rows of a matrix lie below one another.

    >>> on_lines("QR", {"Q": 1, "R": 2})
    'QR(\nQ=1,\nR=2)'
    """
    return f"{name}(\n" + ",\n".join(f"{field}={value!r}" for field, value in fields.items()) + ")"
