"""The panel 跟进: a box for notes, what one wants to be reminded of, and all that happened."""
