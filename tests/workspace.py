"""The workspace as data: its members, what each declares, and what its files import."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Lowest first. A member may import those in front of it, and only if it declares them.
ORDER = ("operators", "autodiff", "tensor", "fast", "cuda", "nn")


@dataclass(frozen=True)
class Member:
    """One package or app: its folder, distribution, import name and declared dependencies."""

    folder: Path
    distribution: str
    module: str
    version: str
    requires_python: str
    dependencies: tuple[str, ...]
    extras: tuple[str, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """The normalised names of what is always installed with it."""
        return tuple(distribution_name(requirement) for requirement in self.dependencies)

    @property
    def source(self) -> Path:
        return self.folder / "src" / self.module

    def sources(self) -> list[Path]:
        """Every Python file that is shipped."""
        return sorted(self.source.rglob("*.py"))

    def tests(self) -> list[Path]:
        """Every Python file of this member's own tests."""
        return sorted((self.folder / "tests").rglob("*.py"))


def distribution_name(requirement: str) -> str:
    """The normalised name in a requirement.

    >>> distribution_name("Numba_CUDA[cu13]>=0.30,<0.31")
    'numba-cuda'
    """
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


@cache
def members() -> tuple[Member, ...]:
    """All members, packages in the order of the layers, then the apps."""
    packages = [ROOT / "packages" / name for name in ORDER]
    apps = sorted(path.parent for path in (ROOT / "apps").glob("*/pyproject.toml"))
    return tuple(_read(folder) for folder in (*packages, *apps))


def _read(folder: Path) -> Member:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project.get("optional-dependencies", {})
    return Member(
        folder=folder,
        distribution=project["name"],
        module=project["name"].replace("-", "_"),
        version=project["version"],
        requires_python=project["requires-python"],
        dependencies=tuple(project["dependencies"]),
        extras=tuple(name for group in extras.values() for name in group),
    )


@dataclass(frozen=True)
class Import:
    """One import of a top-level module, wherever in the file it stands."""

    module: str
    path: Path
    line: int
    skips: bool = False  # by `pytest.importorskip`: absence skips the test

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def imports(path: Path) -> Iterator[Import]:
    """All absolute imports of a file: in functions, under TYPE_CHECKING, and by importlib too."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(_top(alias.name), path, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module is not None:
                yield Import(_top(node.module), path, node.lineno)
        elif isinstance(node, ast.Call) and node.args:
            caller, first = _called_name(node.func), node.args[0]
            if caller in _IMPORTERS and isinstance(first, ast.Constant):
                skips = caller == "importorskip"
                yield Import(_top(str(first.value)), path, node.lineno, skips)


_IMPORTERS = ("import_module", "__import__", "importorskip")


def _top(name: str) -> str:
    return name.partition(".")[0]


def _called_name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


# Where a distribution's import name is not its own name with underscores.
_MODULES_OF = {
    "pillow": ("PIL",),
    "numba-cuda": ("numba", "cuda"),
}


def allowed_modules(member: Member, *, with_extras: bool = True) -> frozenset[str]:
    """Top-level modules that a member may import: the standard library and what it declares.

    What a dependency depends on does not count: a member declares all that it imports. But
    `typing_extensions` comes with every type checker, and only for those is it imported: each wheel
    is installed and imported without it.
    """
    declared = member.dependencies + (member.extras if with_extras else ())
    names = {"__future__", "typing_extensions", member.module, *sys.stdlib_module_names}
    for requirement in declared:
        name = distribution_name(requirement)
        names.update(_MODULES_OF.get(name, (name.replace("-", "_"),)))
    return frozenset(names)
