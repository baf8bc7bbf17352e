"""Pipeline step: registers a version that passed the gate."""
