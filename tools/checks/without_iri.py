"""A plugin that spares every pytest three seconds: `-p tools.checks.without_iri`, before what reads notebooks.

To check the format of international addresses, which no notebook asks for, jsonschema builds a grammar whenever it is
imported, unless the package that holds it is missing.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
