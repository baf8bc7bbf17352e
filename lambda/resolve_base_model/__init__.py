"""Pipeline step: which version a run starts from."""
