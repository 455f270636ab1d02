"""The kernel's side of the wire: finding the server and talking to it with the OpenAI SDK."""
