"""Everything remembered: tables, queries, the event trail and the evidence files. Only this room knows SQL."""
