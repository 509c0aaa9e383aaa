"""Telegram: the only room that knows it."""
