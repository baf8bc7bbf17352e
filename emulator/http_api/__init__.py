"""HTTP APIs of API Gateway: moto keeps APIs, stages, routes, integrations and authorizers; serving them is here."""
