"""`python -m oxillama_jupyter` is `jupyter oxillama`."""

from __future__ import annotations

from oxillama_jupyter.absent import absent

# jsonschema comes with every Jupyter server, and takes a second to compile a grammar of IRIs where
# it finds this package. Nothing here has one.
with absent("rfc3987_syntax"):
    from oxillama_jupyter.extension import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
