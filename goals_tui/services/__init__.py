"""The use cases: the only thing that the command line and the screens talk to."""
