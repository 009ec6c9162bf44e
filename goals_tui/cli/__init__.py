"""Command-line interface: thin commands over the services, and their output."""
