"""The page 话术与素材: the corp's library, its groups, its editor, its import from spreadsheets."""
