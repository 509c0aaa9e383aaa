"""What a command, a button or a sentence does: fetch, check the right, decide, and hand the facts to the wording.

Each handler is a plain function of a `Desk`, run in one transaction. No SQL here, and no sentences.
"""
