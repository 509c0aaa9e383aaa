"""What is said: each function turns facts into a `Screen` for one reader, in that reader's language."""
