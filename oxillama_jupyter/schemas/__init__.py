"""The wire's objects as msgspec structs, one file per noun. They import nothing of ours.

Requests forbid unknown keys (the Assistants API's schemas are closed) and tell an absent key from
null by `UNSET`; objects write every key, null included, because typed clients ask for them.
"""
