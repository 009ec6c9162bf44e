"""Goals and flows as an archive for another project."""
