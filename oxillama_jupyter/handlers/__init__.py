"""Tornado handlers: read, call one service, send. `routes` is the whole URL table."""
