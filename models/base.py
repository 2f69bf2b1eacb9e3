"""The declarative base that all tables share."""

import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, DateTime, MetaData, Text
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Names every constraint by rule, so that migrations can speak of each one."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        int: BigInteger,
        str: Text,
        datetime.datetime: DateTime(timezone=True),
    }


def one_of(column: str, values: list[str]) -> str:
    """The text of a CHECK that a column holds one of these words."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
