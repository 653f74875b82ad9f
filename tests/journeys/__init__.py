"""Journeys: what people do, through real processes, from one end to the other."""
