"""Use cases of the application, the only interface for the command line and the screens."""
