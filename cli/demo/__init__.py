"""The whole product on one machine, in eight stages that prove what they promise."""
