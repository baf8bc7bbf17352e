"""Lets the roles of the functions into the domain."""
