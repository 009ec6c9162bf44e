"""The demo workspace: its content, its creation, and how it is recognized."""
