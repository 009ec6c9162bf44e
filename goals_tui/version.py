"""The version of goals-tui, apart from the package's public names so that every layer can tell it."""

__version__ = "0.2.0"
