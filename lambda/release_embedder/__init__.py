"""Brings an approved embedder to where it is searched with: endpoint, index, alias."""
