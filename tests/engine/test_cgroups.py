"""A container's share of the CPUs, from folders as Linux has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from oxillama_jupyter.engine import machine
from oxillama_jupyter.engine.cgroups import cpus, groups


def _system(folder: Path, own: str, files: dict[str, str]) -> tuple[Path, Path]:
    """Make folders of a system whose processes are in the groups `own`."""
    proc, root = folder / "proc", folder / "cgroup"
    for path, text in {
        proc / "self" / "cgroup": own,
        **{root / k: v for k, v in files.items()},
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return proc, root


def test_groups_are_our_own_and_those_around_it(tmp_path: Path) -> None:
    proc, root = _system(tmp_path, "3:cpu,cpuacct:/docker/a\n2:memory:/x\n0::/user/one\n", {})

    assert groups(proc, root) == [root / "user" / "one", root / "user", root]
    assert groups(proc, root, controller="cpu") == [
        root / "cpu" / "docker" / "a",
        root / "cpu" / "docker",
        root / "cpu",
    ]
    assert groups(proc, root, controller="pids") == []
    assert groups(tmp_path / "none", root) == []


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "400000 100000\n"}, 4),  # docker --cpus=4
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "50000 100000", "a/cpu.max": "300000 100000"}, 1),
        ("0::/a\n", {"a/cpu.max": "much 0", "cpu.max": "1 0"}, None),
        (
            "4:cpu,cpuacct:/pod/x\n0::/\n",
            {
                "cpu/pod/x/cpu.cfs_quota_us": "-1\n",
                "cpu/pod/x/cpu.cfs_period_us": "100000\n",
                "cpu/pod/cpu.cfs_quota_us": "250000\n",
                "cpu/pod/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (  # the path is the host's, the folder the container's
            "4:cpu,cpuacct:/docker/x\n",
            {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            2,
        ),
    ],
)
def test_the_quota_is_the_least_of_all_groups_rounded_up(
    tmp_path: Path, own: str, files: dict[str, str], expected: int | None
) -> None:
    assert cpus(*_system(tmp_path, own, files)) == expected


@pytest.mark.parametrize(("quota", "expected"), [(4, 4), (0, 64), (None, 64), (1000, 64)])
def test_cores_are_no_more_than_the_quota(
    monkeypatch: pytest.MonkeyPatch, quota: int | None, expected: int
) -> None:
    monkeypatch.setattr(machine, "_allowed_cpus", lambda: set(range(10_000, 10_064)))
    monkeypatch.setattr(machine, "cpus", lambda: quota)

    assert machine.logical_cores() == expected
    assert machine.physical_cores() == expected
