"""The notation of einsum, read: which label each dimension of each operand has.

A label is a number: 0 to 51 for the letters A-Z and a-z, or an integer of the sublist form;
negative ones are the dimensions an ellipsis stands for, counted from the end, so that operands
with ellipses of different lengths broadcast as usual.
"""

from __future__ import annotations

from functools import lru_cache
from types import EllipsisType
from typing import NamedTuple

Term = tuple["int | EllipsisType", ...]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Subscripts(NamedTuple):
    """The labels of the dimensions of each operand, and those of the output."""

    operands: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]


def letter(label: int) -> str:
    """A label as it is written.

    >>> letter(26)
    'a'
    """
    return LETTERS[label] if label >= 0 else f"dimension {label} of the ellipsis"


@lru_cache(maxsize=1024)
def terms_of(equation: str) -> tuple[tuple[Term, ...], Term | None]:
    """The terms of an equation such as "ij,jk->ik", and that of the output if it is written.

    Raises:
        RuntimeError: if a character is none of the notation.
    """
    left, arrow, right = equation.partition("->")
    terms = tuple(_term(text, equation) for text in left.split(","))
    return terms, (_term(right, equation) if arrow else None)


def _term(text: str, equation: str) -> Term:
    labels: list[int | EllipsisType] = []
    text = text.replace(" ", "")
    head, dots, tail = text.partition("...")
    for part in (head, tail):
        for character in part:
            if character not in LETTERS:
                raise RuntimeError(
                    f"einsum: invalid subscript {character!r} in the equation {equation!r}: "
                    "subscripts are letters, '...' at most once an operand, ',' between operands "
                    "and one '->' before the output"
                )
            labels.append(LETTERS.index(character))
        if dots and part is head:
            labels.append(...)
            dots = ""
    return tuple(labels)


@lru_cache(maxsize=1024)
def resolve(terms: tuple[Term, ...], output: Term | None, ranks: tuple[int, ...]) -> Subscripts:
    """The label of every dimension, for operands of these numbers of dimensions.

    Without an output, it is the dimensions of the ellipsis, and then the labels that occur once, in
    order: upper case before lower case.

    Raises:
        RuntimeError: if the terms do not fit the operands, or the output has a label twice or one
            that no operand has.
    """
    if len(terms) != len(ranks):
        raise RuntimeError(
            f"einsum: the equation has {len(terms)} operands, but {len(ranks)} were given"
        )
    pairs = zip(terms, ranks, strict=True)
    operands = tuple(_spread(term, rank, i) for i, (term, rank) in enumerate(pairs))
    every = [label for labels in operands for label in labels]
    dots = list(range(min([0, *every]), 0))
    if output is None:
        once = sorted(label for label in set(every) if label >= 0 and every.count(label) == 1)
        return Subscripts(operands, (*dots, *once))
    result: list[int] = []
    for label in output:
        if isinstance(label, int):
            _check_label(label)
            if label not in every:
                raise RuntimeError(
                    f"einsum: the output subscript {letter(label)} does not appear in the "
                    "equation for any operand"
                )
            if label in result:
                raise RuntimeError(
                    f"einsum: the output subscript {letter(label)} appears more than once"
                )
            result.append(label)
        else:
            if any(found < 0 for found in result) or list(output).count(...) > 1:
                raise RuntimeError("einsum: '...' may appear only once in the output")
            result.extend(dots)
    return Subscripts(operands, tuple(result))


def _check_label(label: int) -> None:
    if not 0 <= label < len(LETTERS):
        raise RuntimeError(
            f"einsum: subscripts in the sublist form are in the range [0, 52), but got {label}"
        )


def _spread(term: Term, rank: int, i: int) -> tuple[int, ...]:
    """The label of each of `rank` dimensions of operand i."""
    named = [label for label in term if isinstance(label, int)]
    for found in named:
        _check_label(found)
    dots = len(term) - len(named)
    if dots > 1:
        raise RuntimeError(f"einsum: '...' may appear only once for operand {i}")
    hidden = rank - len(named)
    if hidden < 0 or (hidden and not dots):
        raise RuntimeError(
            f"einsum: the number of subscripts ({len(named)}) does not match the number of "
            f"dimensions ({rank}) of operand {i}"
            + (" (it has an ellipsis)" if dots else ", and it has no ellipsis")
        )
    labels: list[int] = []
    for label in term:
        if isinstance(label, int):
            labels.append(label)
        else:
            labels.extend(range(-hidden, 0))
    return tuple(labels)
