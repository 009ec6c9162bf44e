"""Packages: archives of goals and flows for other projects."""
