"""pandas' DataFrames as plain data, column by column, and back; pandas is loaded only where a table comes or goes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .errors import MessageError, MissingDependency

_PLAIN = "biufcmM"  # kinds of dtypes that numpy writes by itself


def is_table(value: Any) -> bool:
    """Whether this is a DataFrame."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def to_plain(table: Any) -> dict[str, Any]:
    """Return a DataFrame as lists and arrays.

    Values and column labels must be what can be sent by themselves. Dtypes are kept: numbers, dates with or without
    time zones, strings, nullable ones and categories. Indexes of several levels are not taken.

    Raises
    ------
    MessageError
        If rows or columns have several levels.
    """
    if table.index.nlevels > 1 or table.columns.nlevels > 1:
        raise MessageError("A DataFrame with several levels of rows or columns cannot be sent; use .reset_index().")
    return {
        "columns": list(table.columns),
        "index": _column(table.index.to_series()),
        "name": table.index.name,
        "data": [_column(table.iloc[:, number]) for number in range(table.shape[1])],
    }


def from_plain(plain: Any) -> Any:
    """Return the DataFrame that `to_plain` took apart.

    Raises
    ------
    MissingDependency
        If pandas is not installed.
    MessageError
        If it is none.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingDependency("A DataFrame came, which needs pandas: pip install pandas.") from error
    try:
        index = pd.Index(_series(pd, plain["index"]), name=plain["name"])
        columns = [_series(pd, column) for column in plain["data"]]
        table = pd.DataFrame(dict(enumerate(columns)), copy=False)
        if not columns:
            table = pd.DataFrame(index=range(len(index)))
        table.index = index
        table.columns = pd.Index(plain["columns"])
        return table
    except Exception as error:  # what pandas makes of what somebody else sent
        raise MessageError(f"A DataFrame came that cannot be read: {error!r}.") from None


def _column(series: Any) -> dict[str, Any]:
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in _PLAIN:
        return {"values": series.to_numpy()}
    if isinstance(dtype, pd.CategoricalDtype):
        return {
            "codes": series.cat.codes.to_numpy(),
            "categories": _column(dtype.categories.to_series()),
            "ordered": bool(dtype.ordered),
        }
    if isinstance(dtype, pd.DatetimeTZDtype):
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return {"values": utc, "zone": str(dtype.tz)}
    values = [None if missing else value for value, missing in zip(series.tolist(), series.isna(), strict=True)]
    return {"values": values, "dtype": "object" if dtype == np.dtype(object) else _name(dtype)}


def _name(dtype: Any) -> str:
    import pandas as pd

    if isinstance(dtype, pd.StringDtype):
        return "str"
    name = str(dtype)
    if name in _NULLABLE:
        return name
    raise MessageError(f"A DataFrame's column of dtype {name} cannot be sent; .astype() makes another of it.")


_NULLABLE = {f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)} | {
    "Float32",
    "Float64",
    "boolean",
}


def _series(pd: Any, column: Any) -> Any:
    if "codes" in column:
        categories = pd.Index(_series(pd, column["categories"]))
        return pd.Series(pd.Categorical.from_codes(column["codes"], categories, ordered=column["ordered"]))
    if "zone" in column:
        return pd.Series(column["values"]).dt.tz_localize("UTC").dt.tz_convert(column["zone"])
    if "dtype" not in column:
        return pd.Series(column["values"])
    dtype = column["dtype"]
    if dtype not in _NULLABLE | {"object", "str"}:
        raise MessageError(f"A DataFrame came that cannot be read: a column of dtype {dtype!r:.40}.")
    return pd.Series(column["values"], dtype="string" if dtype == "str" and int(pd.__version__[0]) < 3 else dtype)
