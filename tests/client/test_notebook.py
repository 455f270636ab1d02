from __future__ import annotations

from pathlib import Path

from oxillama_jupyter.client.notebook import digest, identity

KERNEL_FILE = "/run/kernel-5f0c.json"


def test_jupyter_names_the_notebook() -> None:
    environ = {"JPY_SESSION_NAME": "/home/ada/a b.ipynb"}

    assert identity(environ, {}, KERNEL_FILE) == "/home/ada/a b.ipynb"


def test_vs_code_knows_better() -> None:
    environ = {"JPY_SESSION_NAME": "/tmp/x-jvsc-0af3.ipynb"}

    assert identity(environ, {"__vsc_ipynb_file__": "/n/x.ipynb"}, None) == "/n/x.ipynb"
    assert identity({}, {"__vsc_ipynb_file__": "/n/x.ipynb"}, KERNEL_FILE) == "/n/x.ipynb"


def test_a_kernel_without_a_notebook_is_known_by_its_connection_file() -> None:
    assert identity({}, {}, KERNEL_FILE) == f"{Path.cwd()}#kernel-5f0c"


def test_a_plain_process_is_known_to_itself() -> None:
    name = identity({}, {}, None)

    assert name == identity({}, {}, None)
    assert name.startswith("ipython-")


def test_a_long_path_fits_into_metadata_and_stays_unique() -> None:
    one = identity({"JPY_SESSION_NAME": "/a" * 600 + "/x.ipynb"}, {}, None)
    other = identity({"JPY_SESSION_NAME": "/b" + "/a" * 599 + "/x.ipynb"}, {}, None)

    assert len(one) == 512
    assert one != other
    assert one.endswith("/a/x.ipynb")


def test_a_digest_takes_any_name() -> None:
    assert len(digest("\udce4")) == 16
