"""How a connection is cut: at once, with nothing on it."""

import socket
import struct

from flask import Response, request


def hang_up() -> Response:
    """Close the connection of the request under way."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        # Lingering for zero seconds resets the connection instead of ending it in good order.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    return Response(b"", headers={"Connection": "close"})
