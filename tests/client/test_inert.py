"""Answers as Markdown, without what a page would run or fetch."""

from __future__ import annotations

import time

import pytest

from oxillama_jupyter.client.inert import inert


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, *emphasis*, `code` and [a link](https://example.org).",
        "a < b, a <b, 3<4, a<-b and x <= y",
        "1. `Vec<String>`\n   ```\n   x\n   ```\n2. `a<b>` in $x$",
        "$a<b$ and $i<n \\le m$",
        "**Use** `<img src=x>` and `![](x)`,\nor `[a](javascript:x)`.",
        "[a](https://example.org:8/b) [b](mailto:ada@example.org) [c](b.ipynb#d:e) [d]() [e](#f)",
        "[a]: https://example.org",
        "```\n<b onclick=x> still being written",
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
        ("[a](javascript:x)", "[a]\\(javascript:x)"),
        ("[a]( <Java&#115;cript&colon;x>)", "[a]\\( <Java&#115;cript&colon;x>)"),
        ("[a](java\\script\\:x)", "[a]\\(java\\script\\:x)"),
        ("[a](java&Tab;script:x)", "[a]\\(java&Tab;script:x)"),
        ("[a](\njavascript:x)", "[a]\\(\njavascript:x)"),
        ("[a](data:text/html,x)", "[a]\\(data:text/html,x)"),
        ("[a][b]\n\n[b]:\njavascript:x", "[a][b]\n\n[b]\\:\njavascript:x"),
        ("[b]: file:///etc/passwd", "[b]\\: file:///etc/passwd"),
        ("<javascript:x>", "&lt;javascript:x>"),
        ('~~~" onclick=x "\n~~~', "~~~&quot; onclick=x &quot;\n~~~"),
        ('```a" onclick="x\nb', "```a&quot; onclick=&quot;x\nb"),
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
        "```\n$$\n<img src=x>",
        "`a\n`<img src=x>`",
        "\\`<img src=x>`",
        "- `\n- <img src=x> `",
        "| ` | <img src=x> ` |\n|---|---|",
        "$$\n```\n$$\n<img src=x>\n```",
        "1. a\n   ```\n   <img src=x>\n   ```",
        "`` <img src=x> `",
        "``a ` <img src=x>``",
        "[a](x`y) <img src=x>`",
        '[a](x "t\n`" ) <img src=x>`',
        "www.example.org/`b <img src=x>`",
        "~~a `~~ <img src=x>`",
        '[a]: /x "\n```\n"\n<img src=x>\n```',
        "``` \n$$\n```\n$$ <img src=x>",
        "a\r<img\rsrc=x>",
    ],
)
def test_what_only_some_readers_take_for_code_is_no_html_either(text: str) -> None:
    assert "<img" not in inert(text)


@pytest.mark.parametrize(
    "unit",
    [
        "- ```\n",
        "`",
        "` `",
        "<a",
        "![",
        "```\n",
        "> ",
        "<",
        "$",
        "\\<b>",
        "a`b`` ",
        "](",
        "- ~~~\n",
    ],
)
@pytest.mark.timeout(60)
def test_no_text_takes_long(unit: str) -> None:
    started = time.monotonic()
    inert((unit * 200_000)[:200_000])

    assert time.monotonic() - started < 20.0  # quadratic ones take minutes
