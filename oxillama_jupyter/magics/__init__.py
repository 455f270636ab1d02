"""The `%oxillama` and `%%oxillama` magics."""
