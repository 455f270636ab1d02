"""`python -m oxillama_jupyter` is `jupyter oxillama`."""

from __future__ import annotations

from oxillama_jupyter.extension import main

if __name__ == "__main__":
    main()
