"""A folder an event, a file a change type, named as WeCom names them; each ends in REACTIONS."""
