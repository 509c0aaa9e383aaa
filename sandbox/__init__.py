"""A local Telegram to try Duewatch with: a Bot API server, a browser page and a clock that can be moved."""
