"""Keeps the index of similar drawings as the bucket is: a queue tells of changes."""
