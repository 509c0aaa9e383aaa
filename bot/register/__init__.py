"""The register of duties: who does what by when, to whom, and what shows that it is done; for a screen and for a wall."""
