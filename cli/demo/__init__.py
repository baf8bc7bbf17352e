"""The whole product on one machine, in nine stages that prove what they promise."""
