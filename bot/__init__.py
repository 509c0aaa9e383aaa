"""Everything a person meets: the chat, the wording, the command line, and the composition root."""
