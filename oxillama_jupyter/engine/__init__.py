"""Engines: what turns a chat history into tokens. Start with `protocol`."""
