"""What each member of the workspace promises to an installer, and that the lock is everyone's."""

import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib

import pytest

from .workspace import ROOT, Member, distribution_name, members

PACKAGES = [m for m in members() if m.folder.parent.name == "packages"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(params=members(), ids=lambda member: member.distribution)
def member(request: pytest.FixtureRequest) -> Member:
    assert isinstance(request.param, Member)
    return request.param


@pytest.fixture(params=PACKAGES, ids=lambda member: member.distribution)
def package(request: pytest.FixtureRequest) -> Member:
    assert isinstance(request.param, Member)
    return request.param


def test_a_member_ships_its_types(member: Member) -> None:
    assert (member.source / "py.typed").is_file()


def test_a_member_has_tests_of_its_own(member: Member) -> None:
    assert [path for path in member.tests() if path.name.startswith("test_")]


def test_a_member_bounds_its_dependencies_from_below(member: Member) -> None:
    # uv does not check these bounds among members when it locks; an installer does.
    for requirement in member.dependencies:
        assert ">=" in requirement, f"{member.distribution}: {requirement} has no lower bound"


def test_a_member_runs_on_every_supported_python(member: Member) -> None:
    assert member.requires_python.startswith(">=3.11"), member.requires_python


def test_a_member_is_part_of_the_default_environment(member: Member) -> None:
    # A plain `uv sync` would uninstall a member that the root does not list.
    listed = {distribution_name(name) for name in PROJECT["project"]["dependencies"]}
    assert member.distribution in listed
    assert PROJECT["tool"]["uv"]["sources"][member.distribution] == {"workspace": True}


def test_every_tool_reads_a_member(member: Member) -> None:
    source = str(member.source.parent.relative_to(ROOT))
    assert source in PROJECT["tool"]["mypy"]["mypy_path"]
    assert member.module in PROJECT["tool"]["importlinter"]["root_packages"]


def test_a_member_is_installed_at_the_version_it_states(member: Member) -> None:
    assert importlib.metadata.version(member.distribution) == member.version


def test_the_readme_of_a_member_says_more_than_its_name(member: Member) -> None:
    text = (member.folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "```" in text, "an example is missing"


def test_the_public_surface_of_a_package_is_a_list_without_repetition(package: Member) -> None:
    module = importlib.import_module(package.module)
    public = module.__all__
    assert len(public) == len(set(public))
    missing = [name for name in public if not hasattr(module, name)]
    assert not missing, f"{package.module}.__all__ names what is not there: {missing}"


@pytest.mark.parametrize("command", ["classify", "basics"])
def test_a_command_is_installed(command: str) -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name=command)
    assert callable(entry.load())


def test_import_minitorch_loads_no_compiler() -> None:
    probe = "import minitorch, sys; print([n for n in ('numba', 'llvmlite') if n in sys.modules])"
    out = subprocess.run(
        [sys.executable, "-c", probe], check=True, capture_output=True, text=True
    ).stdout
    assert out.strip() == "[]"


def test_the_lock_names_no_place_on_the_machine_that_wrote_it() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        source = package["source"]
        place = source.get("registry", "") + source.get("path", "") + source.get("url", "")
        assert re.match(r"(https://[^/]+/|$)", place), f"{package['name']}: {source}"
        local = source.get("editable", source.get("virtual", "."))
        assert not local.startswith(("/", "..")), f"{package['name']}: {source}"


def test_the_compile_gates_judge_what_a_user_of_the_extra_gets() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"]: package["version"] for package in lock["package"]}
    pinned = (ROOT / ".ci/gpu-code.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w-]+)==(\S+)$", pinned, re.MULTILINE)
    # nvcc's ptxas and nvdisasm only judge: the extra does not have them.
    both = {name: version for name, version in pins if name in locked}
    assert {"numba-cuda", "numba", "nvidia-nvvm"} <= both.keys()
    assert both == {name: locked[name] for name in both}


def test_the_lock_knows_no_torch() -> None:
    # With torch in a dependency group the lock would carry its many gigabytes of GPU packages.
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    assert "torch" not in {package["name"] for package in lock["package"]}


def test_minitorch_without_extras_installs_nothing_of_cuda() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    packages = {package["name"]: package for package in lock["package"]}

    def installed(name: str, extras: list[str], found: set[str]) -> set[str]:
        package = packages[name]
        needs = list(package.get("dependencies", []))
        for extra in extras:
            needs += package.get("optional-dependencies", {})[extra]
        for need in needs:
            new = {need["name"], *(f"{need['name']}[{extra}]" for extra in need.get("extra", []))}
            if not new <= found:
                found |= new
                installed(need["name"], need.get("extra", []), found)
        return found

    def of_cuda(names: set[str]) -> list[str]:
        return sorted(name for name in names if re.match(r"(nvidia|cuda|numba-cuda|cupy)", name))

    assert of_cuda(installed("minitorch", [], set())) == []
    assert "numba-cuda" in of_cuda(installed("minitorch", ["cuda"], set()))  # it looks well
