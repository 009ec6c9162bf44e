"""The rules of the product as pydantic models and pure functions: no input, no output, no libraries else."""
