"""What JupyterLab's own renderer of Markdown makes of answers, when it trusts them."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from browser.notebooks import LIMIT, open_notebook, write_notebook

from oxillama_jupyter.client.inert import inert

if TYPE_CHECKING:
    from client.world import Server, World
    from playwright.sync_api import Page

ROUNDS = int(os.environ.get("OXILLAMA_FUZZ", "600"))
BREAKS = ["\n", "\n", "\n\n", " ", "", "\r", "\t"]
PIECES = [
    *(
        "`",
        "`",
        "``",
        "```",
        "~~~",
        "```\n",
        "\n```\n",
        "\n```html\n",
        "\n~~~~\n",
        "``` ",
        "    ```",
    ),
    *(
        "<img src=x onerror=P()>",
        "<img\nsrc=x onerror=P()>",
        "<b onclick=P()>",
        "<script>P()</script>",
    ),
    *("<div", ">", "<!--", "-->", "<a href='javascript:P()'>x</a>", "<x-y onfocus=P() tabindex=1>"),
    *(
        "<svg onload=P()>",
        "<details open ontoggle=P()>",
        "<b\nonclick=P()>",
        "</div>",
        "<style>*{}",
    ),
    *("![i](http://127.0.0.1:1/i)", "![i][r]", "[l](javascript:P())", "[l](java&#115;cript:P())"),
    *("[l](", "[l][r]", ")", "[r]: javascript:P()", "[r]: /x", "[r]:", "javascript:P()", "]", "["),
    *(
        "[l](java&Tab;script:P())",
        "<javascript:P()>",
        "http://e.example/",
        "www.e.example/",
        '"',
        "'",
    ),
    *(
        "\\",
        "\\`",
        "\\<",
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\begin{x}",
        "\\end{x}",
        "*",
        "**",
        "_",
        "~~",
        "~",
    ),
    *(
        "- ",
        "1. ",
        "> ",
        "# ",
        "| ",
        "|---|---|",
        "   ",
        "    ",
        "===",
        "---",
        "word",
        "a",
        "&lt;",
        "&",
    ),
]
RENDER = """async texts => {
  const rendermime = window.rendermime;
  const found = [];
  for (const [number, text] of texts.entries()) {
    const model = rendermime.createModel({ data: { 'text/markdown': text }, trusted: true });
    const renderer = rendermime.createRenderer('text/markdown');
    await renderer.renderModel(model);
    const all = [...renderer.node.querySelectorAll('*')];
    const bad = all.filter(e => !e.closest('mjx-container') && (
      e.matches('script,img,svg,iframe,style,form,input,button,object,embed,details,x-y')
      && !e.matches('input[type=checkbox]') && !e.closest('.jp-mod-rendermime-internal')
      || e.getAttributeNames().some(name => name.startsWith('on'))
      || /^\\s*(javascript|data|vbscript):/i.test(e.href ?? '')));
    if (bad.length) found.push([number, bad[0].outerHTML]);
    renderer.dispose();
  }
  return found;
}"""


def texts(count: int) -> list[str]:
    source = random.Random(6)
    made = []
    for _ in range(count):
        parts = source.choices(PIECES, k=source.randint(3, 14))
        made.append("".join(part + source.choice(BREAKS) for part in parts))
    return made


@pytest.mark.timeout(600)
def test_no_answer_is_more_than_text_in_an_output_that_is_trusted(
    page: Page, scripted_lab: Server, world: World
) -> None:
    write_notebook(world)
    open_notebook(page, scripted_lab)
    page.evaluate(
        "() => { window.rendermime = window.jupyterapp.shell.currentWidget.content.rendermime; }"
    )
    page.evaluate("() => { window.P = () => { window.PWNED = (window.PWNED ?? 0) + 1; }; }")
    made = texts(ROUNDS)
    found: list[tuple[int, Any]] = page.evaluate(RENDER, [inert(text) for text in made])

    assert [(made[number], inert(made[number]), shown) for number, shown in found] == []
    page.wait_for_timeout(1500)  # images fail when they have been asked for
    assert page.evaluate("window.PWNED ?? null") is None

    # As they come they are dangerous: this test would have seen it.
    assert page.evaluate(RENDER, made[:100]) != []
    page.wait_for_function("window.PWNED > 0", timeout=LIMIT)
