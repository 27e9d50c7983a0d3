"""The cases of the suite, one sub-package for each book.

What may live here: sub-packages named like their book, with modules `test_ROLE_TOPIC.py`.
"""
