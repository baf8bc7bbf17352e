"""Similar drawings: documents, the index behind one interface, filters, fusion, groups."""
