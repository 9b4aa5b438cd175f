"""LightGBM's call for one row, prepared once: no array is checked, copied or made for a prediction."""

import ctypes
import threading
import weakref
from typing import Any

import numpy as np

from greenbridge.scoring.values import Floats

# Of LightGBM's C interface.
RAW, CONTRIBUTIONS, FLOAT64 = 1, 3, 1


class SingleRow:
    """One row's margins or contributions. Raises AttributeError or OSError where LightGBM is built without the call."""

    def __init__(self, booster: Any, kind: int) -> None:
        from lightgbm import basic  # noqa: PLC0415  the library as it loaded itself

        library, n = vars(basic)["_LIB"], booster.num_feature()  # it offers the handle under no other name
        settings = ctypes.c_void_p()
        parts = (booster._handle, ctypes.c_int(kind), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(FLOAT64), ctypes.c_int32(n))  # noqa: SLF001
        if library.LGBM_BoosterPredictForMatSingleRowFastInit(*parts, ctypes.c_char_p(b"num_threads=1"), ctypes.byref(settings)):
            raise OSError(library.LGBM_GetLastError())
        weakref.finalize(self, library.LGBM_FastConfigFree, settings)
        self._booster = booster  # lives as long as the call
        self._row, self._found = (ctypes.c_double * n)(), (ctypes.c_double * (n + 1))()
        self._view, self._result = np.frombuffer(self._row), np.frombuffer(self._found)
        self._length = ctypes.c_int64()
        self._parts = (settings, self._row, ctypes.byref(self._length), self._found)
        self._call = library.LGBM_BoosterPredictForMatSingleRowFast
        self._said = library.LGBM_GetLastError
        self._lock = threading.Lock()

    def margin(self, row: Floats) -> float:
        """Return the margin of float[n_features]."""
        with self._lock:
            self._view[:] = row
            if self._call(*self._parts):
                raise OSError(self._said())
            return float(self._found[0])

    def contributions(self, row: Floats) -> Floats:
        """Return float[n_features]."""
        with self._lock:
            self._view[:] = row
            if self._call(*self._parts):
                raise OSError(self._said())
            return self._result[:-1].copy()
