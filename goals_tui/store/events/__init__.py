"""The event log on disk: appended lines, sealed parts, and the queries over both."""
