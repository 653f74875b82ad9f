"""The panel 话术: texts, of one or several parts, that are sent into the chat."""
