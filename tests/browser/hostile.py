"""What a model may say to do harm in a page, and what a page must not have of it."""

from __future__ import annotations

# ruff: noqa: E501 - lines of the corpus are as long as they are
HOSTILE = """<script>window.PWNED = 1</script>
<img src=x onerror="window.PWNED = 2"> and ![beacon](http://evil.example/beacon.png)
<b onclick="window.PWNED = 3">bold</b> <button onclick="window.PWNED = 4">Approve</button>

<form action="http://evil.example/form"><input type="submit" value="Approve"></form>

<svg onload="window.PWNED = 5"><image href="http://evil.example/svg.png"></image></svg>

<iframe src="http://evil.example/frame"></iframe><style>body { background: url(http://evil.example/s) }</style>

<table background="http://evil.example/table"><tr><td>x</td></tr></table>

[a](javascript:window.PWNED=6) [b](JaVaScRiPt:alert(1)) [c](data:text/html,<script>alert(1)</script>)
[d](vbscript:x) [e](file:///etc/passwd) [f](//evil.example) [g](command:run) [h](http://evil.example/ok)
<javascript:alert(1)> ![](data:image/svg+xml,<svg/onload=alert(1)>) ![ref][ref] [![in](http://evil.example/i)](http://x.example)

    ```
<img src="http://evil.example/indented.png">

`unpaired
`<img src="http://evil.example/span.png">`

$$
```
$$
<img src="http://evil.example/math.png">
```

$\\style{background-image:url(http://evil.example/style.png)}{x}$ $\\href{javascript:window.PWNED=7}{y}$

\x1b[31mred\x1b[0m \u202egnp.exe\u202c &#60;img src=x onerror=alert(1)&#62;

[ref]: http://evil.example/reference.png
"""
# What a page must not have of a message, and where its links lead.
FOUND = """selector => {
  const root = document.querySelector(selector);
  const forbidden = 'script,img,image,svg,button,input,form,iframe,object,embed,style,link,video';
  return {
    elements: [...root.querySelectorAll(forbidden)].filter(e => !e.closest('mjx-container') && !e.matches('.oxillama-code-bar > button'))
      .map(e => e.outerHTML),
    links: [...root.querySelectorAll('a')].map(a => a.href),
    handlers: [...root.querySelectorAll('*')].flatMap(e => e.getAttributeNames())
      .filter(name => name.startsWith('on')),
    pwned: window.PWNED ?? null,
    text: root.innerText,
  };
}"""
