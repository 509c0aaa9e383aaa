"""The law and the deadline calculus: pure values and functions, no I/O beyond reading the notices shipped here."""
