"""Amazon Cognito: moto keeps pools, clients, groups and users; sign-in, tokens and the OpenID side are here."""
