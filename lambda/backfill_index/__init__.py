"""Fills an index with many drawings that batch transform has embedded: planned once, loaded part by part."""
