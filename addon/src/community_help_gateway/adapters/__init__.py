"""The I/O of the field protocols: bytes and registers on one side, observations on the other."""
