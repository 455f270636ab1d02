"""Use cases over store and engine, in asyncio; `executor` alone owns the state of runs."""
