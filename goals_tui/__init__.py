"""goals-tui: goals for AI agents' conversations, in the terminal."""

__version__ = "0.1.0"
