"""What the threads of a process share is made ready when its module is loaded, not by whoever asks first.

Two threads that made an alias ready at once took each other's columns: every row came once for each organisation.
"""

import subprocess
import sys

_LOOK = """
import importlib, pkgutil
from sqlalchemy import inspect
from sqlalchemy.orm.util import AliasedClass
import storage

shared = 0
for module in pkgutil.iter_modules(storage.__path__):
    if module.ispkg:
        continue
    for name, value in vars(importlib.import_module(f"storage.{module.name}")).items():
        if isinstance(value, AliasedClass):
            shared += 1
            assert "_columns" in vars(inspect(value).selectable), f"storage.{module.name}.{name}"
assert shared, "there is nothing to look at"
"""


def test_no_alias_is_left_for_threads_to_make_ready() -> None:
    looked = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=False, timeout=60
    )
    assert looked.returncode == 0, looked.stderr
