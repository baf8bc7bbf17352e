"""Architectures, official weights, export and the model package."""
