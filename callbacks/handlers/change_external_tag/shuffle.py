"""An admin put corp tags or their groups in another order."""

from callbacks.handlers.change_external_tag import read_tags
from callbacks.reaction import Reaction, settle

REACTIONS: tuple[Reaction, ...] = (settle, read_tags)
