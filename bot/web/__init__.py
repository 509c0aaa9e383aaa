"""What Duewatch answers over HTTP: whether it lives and is ready, its metrics, and the webhook."""
