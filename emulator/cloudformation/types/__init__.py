"""CloudFormation resource types, one module a service."""
