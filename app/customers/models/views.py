"""What an admin keeps of his looking through the customers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WireId, Words

NAME_LENGTH = 32


class CustomerView(Base):
    """A view of the list (视图): filters and columns, under a name. `shared`: others see it too.

    `choices`: [name, value] of everything that was chosen, as the page's form names it,
    sealed: whoever looks for a phone number keeps it in there.
    """

    __tablename__ = "customer_views"
    __table_args__ = (UniqueConstraint("userid", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    name: Mapped[str] = mapped_column(Words(NAME_LENGTH))
    shared: Mapped[bool] = mapped_column(default=False)
    choices: Mapped[list[Any] | str] = mapped_column(JSON)
    created_at: Mapped[datetime]
