"""Imports point downward: what import-linter's graph of modules cannot see.

The contracts in pyproject.toml cover the imports of the shipped modules. Here are third-party
imports that nobody declared, imports by name (`importlib.import_module`), and the imports of each
package's own tests, which must run with nothing above the package installed.
"""

import pytest

from .workspace import Member, allowed_modules, imports, members

# What a package's own tests may use besides what the package declares. torch and onnxruntime, the
# oracles, are asked for by `pytest.importorskip`, so that the tests run without them.
TEST_TOOLS = frozenset({"pytest", "hypothesis", "torch", "onnxruntime"})


@pytest.fixture(params=members(), ids=lambda member: member.distribution)
def member(request: pytest.FixtureRequest) -> Member:
    assert isinstance(request.param, Member)
    return request.param


def test_a_member_imports_only_what_it_declares(member: Member) -> None:
    allowed = allowed_modules(member)
    wrong = [str(i) for path in member.sources() for i in imports(path) if i.module not in allowed]
    assert not wrong, f"{member.distribution} declares no such dependency:\n" + "\n".join(wrong)


def test_the_own_tests_of_a_member_import_only_what_it_declares(member: Member) -> None:
    allowed = allowed_modules(member) | TEST_TOOLS
    wrong = [str(i) for path in member.tests() for i in imports(path) if i.module not in allowed]
    assert not wrong, (
        f"the tests of {member.distribution} run where only it and its dependencies are installed; "
        "tests of several layers live in tests/:\n" + "\n".join(wrong)
    )


def test_torch_is_imported_by_no_member(member: Member) -> None:
    wrong = [str(i) for path in member.sources() for i in imports(path) if i.module == "torch"]
    assert not wrong, "torch is a test oracle, never a dependency:\n" + "\n".join(wrong)


def test_the_own_tests_of_a_member_ask_for_torch_by_importorskip(member: Member) -> None:
    wrong = [
        str(i)
        for path in member.tests()
        for i in imports(path)
        if i.module == "torch" and not i.skips
    ]
    assert not wrong, "use `torch = pytest.importorskip('torch')`:\n" + "\n".join(wrong)


def test_dependencies_between_members_point_downward() -> None:
    for position, member in enumerate(members()):
        lower = {m.distribution for m in members()[:position]}
        above = {m.distribution for m in members()[position:]}
        named = set(member.required)
        assert not named & above, f"{member.distribution} depends on {named & above}"
        if member.distribution == "minitorch-cuda":
            lower.discard("minitorch-fast")
        internal = {name for name in named if name.startswith("minitorch")}
        assert internal <= lower, f"{member.distribution} depends on {internal - lower}"
