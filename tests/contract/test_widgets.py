from __future__ import annotations

import httpx2
import pytest
from servers import Server


def test_pages_get_the_module_they_share(server: Server, raw: httpx2.Client) -> None:
    answer = raw.get("oxillama/widgets/run_cell_view.js")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "no-cache" in answer.headers["cache-control"]
    assert answer.text.startswith("// Made by widgets/build")

    again = raw.get(
        "oxillama/widgets/run_cell_view.js", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["LICENSES.txt", "nothing.js", "..%2fview.py", "%2e%2e%2fview.py"])
def test_nothing_else_is_there(raw: httpx2.Client, name: str) -> None:
    assert raw.get(f"oxillama/widgets/{name}").status_code == 404


def test_strangers_get_nothing(server: Server) -> None:
    assert server.connect().get("oxillama/widgets/run_cell_view.js").status_code == 401
