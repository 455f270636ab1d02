"""Answers as Markdown, without what a page would run or fetch."""

from __future__ import annotations

import time

import pytest

from oxillama_jupyter.widgets.inert import inert


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, *emphasis*, `code` and [a link](https://example.org).",
        "a < b, a <b, 3<4, a<-b and x <= y",
        "$a<b$ and $i<n \\le m$",
        "Use `<img src=x>` and `![](x)` in ``a ` <b>``.",
        "```html\n<img src='http://e.example/x'>\n![](http://e.example)\n```",
        "~~~~\n<script>\n```\n~~~~",
        "```js\nlet x = `${a}<b>`\n```\nand `<i>`",
        "1. so:\n   ```rust\n   let x: Vec<String> = vec![];\n   ```",
        "Wow!\n[a link](https://example.org)",
    ],
)
def test_what_is_no_html_and_no_image_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("a <img src=x onerror=y>", "a &lt;img src=x onerror=y>"),
        ("<!-- a --> <?php ?>", "&lt;!-- a --> &lt;?php ?>"),
        ("- <div", "- &lt;div"),
        ("> 1. <p\n> x", "> 1. &lt;p\n> x"),
        ("![](http://e.example/x)", "!\\[](http://e.example/x)"),
        ("![a][b]\n\n[b]: http://e.example/x", "!\\[a][b]\n\n[b]: http://e.example/x"),
        ("Vec<String> it is", "Vec&lt;String> it is"),
        # A backslash of the model's must not make ours one of its own.
        ("\\<img src=x>", "\\&lt;img src=x>"),
        # No HTML is open, so that this is a block of code for everybody.
        ("<div>\n```\n<img src=x>\n```", "&lt;div>\n```\n<img src=x>\n```"),
        ("<img\nsrc=x>", "&lt;img\nsrc=x>"),
    ],
)
def test_html_and_images_become_text(text: str, written: str) -> None:
    assert inert(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "    ```\n<img src=x>\n",
        "```\n<img src=x>",
        "`a\n`<img src=x>`",
        "\\`<img src=x>`",
        "- `\n- <img src=x> `",
        "| ` | <img src=x> ` |\n|---|---|",
        "$$\n```\n$$\n<img src=x>\n```",
        "1. a\n   ```\n   <img src=x>\n   ```",
        "`` <img src=x> `",
    ],
)
def test_what_only_some_readers_take_for_code_is_no_html_either(text: str) -> None:
    assert "<img" not in inert(text)


@pytest.mark.parametrize(
    "unit", ["- ```\n", "`", "` `", "<a", "![", "```\n", "> ", "<", "$", "\\<b>", "a`b`` "]
)
def test_no_text_takes_long(unit: str) -> None:
    started = time.monotonic()
    inert((unit * 200_000)[:200_000])

    assert time.monotonic() - started < 20.0  # quadratic ones take minutes
