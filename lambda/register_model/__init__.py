"""Pipeline step: a version that passed the gate enters the registry."""
