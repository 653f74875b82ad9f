"""The library (话术与素材): what members send into a chat, the corp's own and their own.

WeCom: sendChatMessage of the JS-SDK (dww/90507) puts it into the chat that is open. An item stands
on one of two shelves: `scripts` (话术), texts of one or several parts, and `materials` (素材), one
picture, video, file, link or mini-program each. An item without an owner belongs to the corp.
"""
