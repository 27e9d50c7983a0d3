"""The cases of the suite, one sub-package for each book.

What may live here: sub-packages named like their book, with modules `test_ROLE_TOPIC.py`, or
`test_BOOK_ROLE_TOPIC.py` where a file of that name is elsewhere; and octets that the cases of
several books send.
"""
