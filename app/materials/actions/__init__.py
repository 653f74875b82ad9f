"""Changing materials: files of every kind, files in pieces, the small pictures of images."""

from app.materials.actions.files import (
    CHUNK_BYTES,
    MEGABYTE,
    RULES,
    clean_name,
    forget_media,
    store_file,
)
from app.materials.actions.pictures import PICTURE_SIDE, make_picture, shrink
from app.materials.actions.uploads import (
    PIECE_BYTES,
    copy_upload,
    drop_upload,
    find_image,
    finish_upload,
    forget_material,
    forget_upload,
    prune_uploads,
    set_aside,
    store_piece,
    take_upload,
)

__all__ = [
    "CHUNK_BYTES",
    "MEGABYTE",
    "PICTURE_SIDE",
    "PIECE_BYTES",
    "RULES",
    "clean_name",
    "copy_upload",
    "drop_upload",
    "find_image",
    "finish_upload",
    "forget_material",
    "forget_media",
    "forget_upload",
    "make_picture",
    "prune_uploads",
    "set_aside",
    "shrink",
    "store_file",
    "store_piece",
    "take_upload",
]
