"""Every action of the registry, context by context: its key, on a screen where it works, and what shows that it did."""
