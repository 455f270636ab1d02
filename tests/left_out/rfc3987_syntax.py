"""Stands before the package of this name in the servers and kernels that tests start.

jsonschema, and so every Jupyter server, imports that one to check IRIs, if it is there. It then
compiles a grammar for a second, which is half of a server's start; nothing here has an IRI.
"""

raise ImportError("left out by the tests")
