"""The demo workspace: what it holds, how it is made, and how it is told from a real one."""
