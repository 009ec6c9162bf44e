"""The Textual app. It talks to services only, and imports each screen when it is first visited."""
