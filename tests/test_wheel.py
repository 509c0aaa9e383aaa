"""The wheel, installed elsewhere and started from there: everything that must ship is in it."""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the `bin` of an environment that has the wheel and the libraries, but not this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder / "dist"),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    bin_ = folder / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(bin_ / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    # The libraries come from this environment; a path named in a .pth file does not bring that folder's own .pth
    # files with it, so the sources of this checkout stay out.
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return bin_


def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DUEWATCH_", "PYTHON"))}
    return kept | {"DUEWATCH_DATA_DIR": str(tmp_path / "data"), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def test_the_wheel_runs_from_its_own_files(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [str(installed / "python"), "-c", "import bot, sandbox; print(bot.__file__, sandbox.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
    ).stdout
    assert str(ROOT) not in where


def test_the_wheel_answers_when_a_duty_is_due(installed: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [str(installed / "duewatch"), "due", "monthly-evidence", "unit", "2024-01", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
    ).stdout
    assert '"2024-02-20"' in told


def test_the_wheel_serves_the_sandbox_with_its_page(installed: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(installed / "duewatch"), "run", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment(tmp_path),
    )
    with process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found is not None
            page = httpx.get(found.group(), timeout=20)
            assert page.status_code == 200
            assert "督期" in page.text
            for script in re.findall(r'(?:src|href)="(/page/[^"#]+)', page.text):
                assert httpx.get(found.group() + script, timeout=20).status_code == 200, script
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0
