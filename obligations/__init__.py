"""The law and the deadline calculus: pure values and functions, no I/O but reading the tables."""
