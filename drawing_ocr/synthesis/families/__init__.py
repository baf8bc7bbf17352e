"""Families of parts, each member drawn as often as wanted, every time another way: what similarity is learned from."""
