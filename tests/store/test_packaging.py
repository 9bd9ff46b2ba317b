"""What an install gets, and who imports whom."""

from __future__ import annotations

import ast
import configparser
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import curatory.store
import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("store", "tui", "gateway")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def modules(folder: str) -> Iterator[tuple[Path, str]]:
    """Every source file below a folder, and the name it is imported by."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield path, ".".join(("curatory", *parts[: -1 if parts[-1] == "__init__" else None]))


def packages() -> set[str]:
    """Every folder with code in it."""
    return {
        ".".join(("curatory", *path.relative_to(ROOT).parent.parts))
        for folder in FOLDERS
        for path, _ in modules(folder)
    }


# -- the wheel ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from what is in the checkout now, without asking a network."""
    place = tmp_path_factory.mktemp("wheel")
    for folder in FOLDERS:
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, place / "source" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]):
        shutil.copy(ROOT / name, place / "source" / name)
    pip(
        "wheel", "--no-deps", "--no-build-isolation", "--no-index",
        "--wheel-dir", str(place), str(place / "source"),
    )  # fmt: skip
    (found,) = place.glob("*.whl")
    return found


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel in it, and with what it needs, but not with this checkout."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    pip("--python", str(place / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel))
    library = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    # Only this folder is added, not what its own .pth files would add: that would be the checkout.
    (Path(library) / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return place / "bin"


def test_every_package_is_listed() -> None:
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert set(listed) == packages()
    assert listed == sorted(listed)
    folders = PROJECT["tool"]["setuptools"]["package-dir"]
    assert folders == {f"curatory.{folder}": folder for folder in FOLDERS if f"curatory.{folder}" in packages()}


def test_every_package_has_its_own_init() -> None:
    """A folder without one is a namespace, which anybody may add to and tools overlook."""
    for package in packages():
        assert (ROOT / package.removeprefix("curatory.").replace(".", "/") / "__init__.py").is_file(), package


def test_everything_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        f"curatory/{path.relative_to(ROOT)}"
        for folder in FOLDERS
        if f"curatory.{folder}" in packages()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert found == wanted
    assert "curatory/store/py.typed" in found


def test_the_wheel_claims_one_name_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        information = next(top for top in tops if top.endswith(".dist-info"))
        assert tops == {"curatory", information}
        assert archive.read(f"{information}/top_level.txt").decode().split() == ["curatory"]
        assert "curatory/__init__.py" not in archive.namelist()
        scripts = configparser.ConfigParser()
        scripts.read_string(archive.read(f"{information}/entry_points.txt").decode())
        assert dict(scripts["console_scripts"]) == {"curatory": "curatory.tui.__main__:main"}
        assert f"{information}/licenses/LICENSE" in archive.namelist()


def test_an_install_works_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    program = (
        "import curatory.store as s, sys\n"
        "with s.create_store('r.db', 'ana', organization='acme', team='vision') as store:\n"
        "    open('f', 'w').write('x')\n"
        "    store.links.add(store.versions.log_paths(['f'], 'detector', 'model'), 'model/detector', ['prod'])\n"
        "print(s.__file__, s.open_store('r.db', 'ana').versions.get('model/detector:prod').name)\n"
    )
    done = subprocess.run(
        [installed / "python", "-c", program], cwd=tmp_path, env=_clean(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    place, name = done.stdout.split()
    assert Path(place).is_relative_to(installed.parent)
    assert name == "detector:v0"


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CURATORY"))}


# -- who imports whom -----------------------------------------------------------------------------------------------


def imports(path: Path, name: str) -> Iterator[tuple[str, int]]:
    """What a module imports, by absolute name ("curatory.store.errors.Busy" for a name out of a module), and where."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def _where(path: Path, line: int, name: str) -> str:
    return f"{path.relative_to(ROOT)}:{line} imports {name}"


def _is_in(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def test_the_store_knows_none_of_its_callers() -> None:
    callers = ("curatory.tui", "curatory.gateway", "tui", "gateway", "textual", "rich", "httpx", "click", "http.server")
    assert [
        _where(path, line, found)
        for path, name in modules("store")
        for found, line in imports(path, name)
        if _is_in(found, callers)
        # which ask somebody else's server
        and (found, name)
        not in (
            ("httpx", "curatory.store.mlflow.server"),
            ("httpx", "curatory.store.automations.sending"),
        )
    ] == []


def test_only_the_engine_knows_databases() -> None:
    databases = ("sqlite3", "pysqlite3", "sqlite_utils", "psycopg", "apsw")
    inside = ("curatory.store.engine.sqlite", "curatory.store.engine.postgres")
    assert [
        _where(path, line, found)
        for folder in FOLDERS
        for path, name in modules(folder)
        for found, line in imports(path, name)
        if not name.startswith("curatory.store.engine")
        and _is_in(found, databases + inside)
        and name != "curatory.store.mlflow.file"  # which reads somebody else's database
    ] == []


def test_a_face_imports_only_what_the_store_hands_out() -> None:
    handed_out = {f"curatory.store.{name}" for name in curatory.store.__all__}
    assert [
        _where(path, line, found)
        for folder in ("tui", "gateway")
        for path, name in modules(folder)
        for found, line in imports(path, name)
        if _is_in(found, ("curatory.store", "store")) and found not in handed_out
    ] == []


def test_faces_do_not_know_each_other() -> None:
    """But for the commands that open the door, and they know its face only."""
    opening = {f"curatory.gateway.{name}" for name in ("Door", "Settings", "serve", "started")}
    assert [
        _where(path, line, found)
        for folder, other in (("tui", "curatory.gateway"), ("gateway", "curatory.tui"))
        for path, name in modules(folder)
        for found, line in imports(path, name)
        if _is_in(found, (other,)) and not (path.name == "running.py" and found in {"curatory.gateway", *opening})
    ] == []


def test_all_that_is_handed_out_is_there() -> None:
    assert len(set(curatory.store.__all__)) == len(curatory.store.__all__)
    assert [name for name in curatory.store.__all__ if getattr(curatory.store, name, None) is None] == []


HEAVY = {"sqlite_utils", "psycopg", "rich", "textual", "click", "http.server", "asyncio", "httpx", "platformdirs"}


def loaded(program: str, folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_importing_the_store_loads_no_database_and_no_screen(tmp_path: Path) -> None:
    found = loaded("import curatory.store", tmp_path)
    assert found & (HEAVY | {"sqlite3", "pysqlite3"}) == set()


def test_a_small_command_stays_small(tmp_path: Path) -> None:
    with curatory.store.create_store(tmp_path / "r.db", "ana", organization="acme", team="vision") as store:
        (tmp_path / "f").write_text("x")
        store.versions.log_paths([tmp_path / "f"], "detector", "model")
    found = loaded(
        "from curatory.store import open_store\n"
        "with open_store('r.db', 'ana') as store: store.versions.get('vision/uncategorized/detector:v0')",
        tmp_path,
    )
    assert found & HEAVY == set()
    assert found & {"sqlite3", "pysqlite3"}
