"""`python -m wirebook.reference.pgnet local|server|remote|client`: see `devclient`.

What may live here: nothing else.
"""

import sys

from wirebook.reference.pgnet.devclient import main

if __name__ == "__main__":
    sys.exit(main())
