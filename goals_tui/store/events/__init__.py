"""The event log on disk: appended lines, sealed parts, and queries over both."""
