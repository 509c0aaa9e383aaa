"""The catalogues, and the printer that speaks one language."""
