"""The server behind `serve`, and its page."""
