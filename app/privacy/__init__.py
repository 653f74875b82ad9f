"""What all rooms hold about one customer: read to him as a package, and erased (抹除).

Reads and erases through the boards that rooms keep (`personal_data.py`), and knows their tables
only to say how long each kind of data stays (`retentions`).
"""
