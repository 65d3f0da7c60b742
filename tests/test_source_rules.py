"""Rules for shipped sources that no linter has: the type checker is never told to look away."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from .workspace import ROOT, Member, members

SOURCES = [path for member in members() for path in member.sources()]
TYPING = ("typing", "typing_extensions")
LOOK_AWAY = re.compile(r"#\s*(type:\s*ignore|mypy:|pyright:|pyre-)")
UNTYPED_NAMES = ("Any", "cast", "no_type_check")
BARE_DECORATORS = ("njit", "jit", "vectorize", "guvectorize", "stencil")


def comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def escapes(text: str) -> list[tuple[int, str]]:
    """Every `Any`, `cast` and checker directive of a source, with its line."""
    found = [(line, comment) for line, comment in comments(text) if LOOK_AWAY.match(comment)]
    tree = ast.parse(text)
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in TYPING
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in TYPING:
            found += [(node.lineno, a.name) for a in node.names if a.name in (*UNTYPED_NAMES, "*")]
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in UNTYPED_NAMES
            and isinstance(node.value, ast.Name)
            and node.value.id in aliases
        ):
            found.append((node.lineno, f"{node.value.id}.{node.attr}"))
    return sorted(found)


def bare_decorators(text: str) -> list[tuple[int, str]]:
    """Every `@njit` without parentheses: mypy loses the function's signature there."""
    return [
        (decorator.lineno, ast.unparse(decorator))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Name | ast.Attribute)
        and ast.unparse(decorator).rpartition(".")[2] in BARE_DECORATORS
    ]


def report(path: Path, found: list[tuple[int, str]]) -> str:
    return "\n".join(f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in found)


by_member = pytest.mark.parametrize("member", members(), ids=lambda member: member.distribution)


@by_member
def test_a_source_has_no_any_no_cast_and_no_ignored_error(member: Member) -> None:
    found = [report(path, escapes(path.read_text(encoding="utf-8"))) for path in member.sources()]
    assert not any(found), "\n".join(filter(None, found))


@by_member
def test_a_numba_decorator_is_called(member: Member) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in member.sources()}
    suspects = {
        path: text for path, text in texts.items() if any(w in text for w in BARE_DECORATORS)
    }
    found = [report(path, bare_decorators(text)) for path, text in suspects.items()]
    assert not any(found), "write @njit() with parentheses:\n" + "\n".join(filter(None, found))


def test_nn_branches_on_no_device() -> None:
    # Hardware belongs to overrides: a branch here would be a feature of one device only.
    found = [
        report(path, [(number, line.strip())])
        for path in SOURCES
        if path.is_relative_to(ROOT / "packages" / "nn")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"device\.type\s*[!=]=", line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("from typing import Any\n", "Any"),
        ("from typing import Protocol, cast as to\n", "cast"),
        ("from typing_extensions import *\n", "*"),
        ("import typing as t\nx: t.Any = 1\n", "t.Any"),
        ("def f() -> None:\n    import typing\n    typing.cast(int, 1)\n", "typing.cast"),
        ("x: int = ''  # type: ignore[assignment]\n", "# type: ignore[assignment]"),
        ("# mypy: ignore-errors\n", "# mypy: ignore-errors"),
        ("x = 1  #type:ignore\n", "#type:ignore"),
    ],
)
def test_the_rule_finds_every_way_around_the_checker(text: str, what: str) -> None:
    assert [found for _, found in escapes(text)] == [what]


@pytest.mark.parametrize(
    "text",
    [
        'Any = "a word"\nself.cast = Any\n',
        'MESSAGE = "remove # type: ignore"\n',
        "def cast(x: int) -> int:\n    return x\n",
        "y = backend.cast(x)  # a cast of the backend's, not of typing's\n",
    ],
)
def test_the_rule_lets_equal_words_be(text: str) -> None:
    assert escapes(text) == []


def test_the_decorator_rule_tells_a_name_from_a_call() -> None:
    text = "@njit\ndef f(): ...\n@numba.njit\ndef g(): ...\n@njit(cache=True)\ndef h(): ...\n"
    assert bare_decorators(text) == [(1, "njit"), (3, "numba.njit")]
