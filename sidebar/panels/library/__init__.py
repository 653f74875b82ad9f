"""What the panels 话术 and 素材 share: one shelf of the library each, shown, sent and edited."""
