"""What somebody would send who means harm: as anybody, as a member, as an admin, as WeCom.

The corpora are lists of their own (`corpora/`), the machinery is the neighbours': the house of the
admin web, the browsers of the sidebar, the letters of the door. Large sizes are trials.
"""
