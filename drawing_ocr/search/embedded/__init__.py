"""The index in a folder: exact search over one bit a dimension, rescored with the vectors themselves."""
