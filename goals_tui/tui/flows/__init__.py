"""The Flows screen."""
