"""Trees: tensors in tuples, lists and dicts, nested in any way, as arguments and results are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


def leaves(tree: object) -> Iterator[object]:
    """What hangs on a tree, in order; anything that is no tuple, list or dict is a leaf.

    >>> list(leaves({"a": 1, "b": (2, [3, None])}))
    [1, 2, 3, None]
    """
    if isinstance(tree, (tuple, list)):
        for branch in tree:
            yield from leaves(branch)
    elif isinstance(tree, Mapping):
        for branch in tree.values():
            yield from leaves(branch)
    else:
        yield tree


def mapped(function: Callable[[object], object], tree: object) -> object:
    """The tree with `function` of each leaf in its place.

    >>> mapped(str, {"a": 1, "b": (2, [3])})
    {'a': '1', 'b': ('2', ['3'])}
    """
    if isinstance(tree, tuple):
        branches = [mapped(function, branch) for branch in tree]
        make = getattr(tree, "_make", tuple)  # a named tuple stays one
        return make(branches)
    if isinstance(tree, list):
        return [mapped(function, branch) for branch in tree]
    if isinstance(tree, Mapping):
        return {key: mapped(function, branch) for key, branch in tree.items()}
    return function(tree)


def structure(tree: object) -> str:
    """The form of a tree, a star for each leaf: what two trees must share to be combined.

    >>> structure({"a": 1, "b": (2, [3])})
    "{'a': *, 'b': (*, [*])}"
    """
    if isinstance(tree, tuple):
        inner = ", ".join(structure(branch) for branch in tree)
        return f"({inner},)" if len(tree) == 1 else f"({inner})"
    if isinstance(tree, list):
        return f"[{', '.join(structure(branch) for branch in tree)}]"
    if isinstance(tree, Mapping):
        return f"{{{', '.join(f'{k!r}: {structure(v)}' for k, v in tree.items())}}}"
    return "*"


def spread(value: object, tree: object, is_leaf: Callable[[object], bool]) -> list[object] | None:
    """`value`, a prefix of a tree, once for each leaf below: `in_dims` beside the inputs.

    Args:
        value: a leaf, which stands for the whole of what it is beside, or a tree of such leaves.
        tree: what it is beside.
        is_leaf: whether something is a leaf of `value`.

    Returns:
        One value for each leaf of the tree, or None if the two do not go together.

    >>> spread((0, None), ([1, 2], 3), lambda v: v is None or isinstance(v, int))
    [0, 0, None]
    """
    if is_leaf(value):
        return [value for _ in leaves(tree)]
    if isinstance(value, (tuple, list)) and isinstance(tree, (tuple, list)):
        if type(value) is not type(tree) and isinstance(value, list) != isinstance(tree, list):
            return None
        pairs = list(zip(value, tree, strict=False)) if len(value) == len(tree) else None
    elif isinstance(value, Mapping) and isinstance(tree, Mapping):
        pairs = [(value[k], v) for k, v in tree.items()] if value.keys() == tree.keys() else None
    else:
        return None
    if pairs is None:
        return None
    found: list[object] = []
    for v, branch in pairs:
        below = spread(v, branch, is_leaf)
        if below is None:
            return None
        found += below
    return found
