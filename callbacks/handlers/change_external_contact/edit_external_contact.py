"""A member changed remark, description or company tags of a customer in his WeCom."""

from callbacks.handlers.change_external_contact import refresh
from callbacks.reaction import Reaction, settle

REACTIONS: tuple[Reaction, ...] = (settle, refresh)
