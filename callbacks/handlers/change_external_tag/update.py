"""An admin renamed a corp tag or a group of them."""

from callbacks.handlers.change_external_tag import read_tags
from callbacks.reaction import Reaction, settle

REACTIONS: tuple[Reaction, ...] = (settle, read_tags)
