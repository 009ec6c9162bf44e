"""The rules of the product: models and pure functions that do no input or output and need only pydantic."""
