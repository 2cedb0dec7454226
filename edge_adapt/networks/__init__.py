"""Networks as data: layer records, and the reading and writing of model files."""
