"""The store: SQLite in, schema structs out. `database` owns the connection; one file per noun."""
