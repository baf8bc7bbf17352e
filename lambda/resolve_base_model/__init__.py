"""Pipeline step: the version that training starts from."""
