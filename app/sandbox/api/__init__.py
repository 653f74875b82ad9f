"""The endpoints under /cgi-bin/, one module per chapter of WeCom's documents.

`ENDPOINTS` is the notice board: every API the sandbox answers, by its path after `/cgi-bin/`.
"""

from .agent import ENDPOINTS as AGENT
from .call import Endpoint
from .contacts import ENDPOINTS as CONTACTS
from .customers import ENDPOINTS as CUSTOMERS
from .groupchats import ENDPOINTS as GROUPCHATS
from .media import ENDPOINTS as MEDIA
from .messages import ENDPOINTS as MESSAGES
from .oauth import ENDPOINTS as OAUTH
from .tags import ENDPOINTS as TAGS
from .tokens import ENDPOINTS as TOKENS
from .welcome import ENDPOINTS as WELCOME

ENDPOINTS: dict[str, Endpoint] = (
    TOKENS | AGENT | CONTACTS | CUSTOMERS | TAGS | WELCOME | GROUPCHATS | MESSAGES | MEDIA | OAUTH
)
