"""What pages load is built from the sources beside it, and needs nobody else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import oxillama_jupyter

WIDGETS = Path(oxillama_jupyter.__file__).parent / "widgets"
STATIC, BUILD = WIDGETS / "static", WIDGETS / "build"
LAB = WIDGETS.parent / "labextension"
TRAVELLING = {"panel.js", "run_cell.js"}  # with each comm


def test_it_was_built_from_these_sources() -> None:
    total = hashlib.sha256()
    files = (path for path in (BUILD / "src").rglob("*") if path.is_file())
    sources = sorted(path.relative_to(BUILD).as_posix() for path in files)
    for name in ("build.mjs", "package-lock.json", "package.json", *sources):
        total.update(f"{name}\n".encode() + (BUILD / name).read_bytes())

    built = {path for path in STATIC.glob("*.js") if path.name not in TRAVELLING}
    for path in {*built, LAB / "static" / "remoteEntry.js"}:
        first = path.read_text("utf-8").partition("\n")[0]
        assert total.hexdigest() in first, "run `npm ci && npm run build` in widgets/build"


def test_what_travels_with_each_comm_is_small() -> None:
    assert all((STATIC / name).stat().st_size < 4_000 for name in TRAVELLING)


def test_lab_s_extension_has_the_package_s_version() -> None:
    described = json.loads((LAB / "package.json").read_text())
    assert described["version"] == oxillama_jupyter.__version__


def test_versions_are_pinned_and_licences_shipped() -> None:
    wanted = json.loads((BUILD / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    packages = json.loads((BUILD / "package-lock.json").read_text())["packages"]
    shipped = (STATIC / "LICENSES.txt").read_text("utf-8")
    for name in ("markdown-it", "linkify-it", "mdurl", "uc.micro", "entities", "punycode.js"):
        version = packages[f"node_modules/{name}"]["version"]
        assert f"{name} {version}\n" in shipped


MAKERS = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|dangerouslySet"


def test_no_source_makes_html_or_code_of_text() -> None:
    for path in (BUILD / "src").rglob("*.js*"):
        text = path.read_text("utf-8")
        assert not re.search(MAKERS, text)


def test_no_address_of_elsewhere_is_in_it() -> None:
    for path in (*STATIC.glob("*.js"), *LAB.rglob("*.js")):
        found = set(re.findall(r"https?://[\w.-]+", path.read_text("utf-8")))
        assert found <= {"http://www.w3.org"}, path.name
