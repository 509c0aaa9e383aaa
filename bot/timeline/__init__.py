"""A year of the law as a picture: who owes what by when, and to whom it is handed over; SVG and PNG.

It is drawn from the text of the notices alone. Their annexes' own diagrams are not reproduced here.
"""
