"""Compares the index with the bucket, and moves its alias: nightly, and for the operator."""
