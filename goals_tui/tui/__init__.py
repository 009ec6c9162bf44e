"""The Textual app. It uses services only, and imports each screen when it is first visited."""
