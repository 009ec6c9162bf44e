"""Events that come from elsewhere: the original system's export, and tables."""
