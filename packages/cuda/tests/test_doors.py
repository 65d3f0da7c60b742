"""numba-cuda and cuda.core change with their versions: each is imported by one module alone."""

import ast
from pathlib import Path

import pytest

import minitorch_cuda

FOLDER = Path(minitorch_cuda.__file__).parent


def imported(tree: ast.Module) -> set[str]:
    """The modules that a source imports, also by `import_module`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.add(ast.unparse(node.args[0]).strip("f'\""))
    return found


@pytest.mark.parametrize(("door", "package"), [("nvidia", "cuda"), ("numba_cuda", "numba")])
def test_one_module_alone_imports_it(door: str, package: str) -> None:
    importing = {
        file.stem
        for file in FOLDER.rglob("*.py")
        for name in imported(ast.parse(file.read_text(encoding="utf-8")))
        if name.partition(".")[0] == package
    }
    assert importing == {door}
