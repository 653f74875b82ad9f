"""What stands about somebody in the database, and nowhere but about him."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What stands about somebody, by what it is."""

    external_userid: str
    name: str
    mark: str

    def __getattr__(self, what: str) -> str:
        """Return words of his that stand nowhere else."""
        return f"{self.mark}{what}"

    @property
    def mobile(self) -> str:
        """The number in the remark."""
        return f"139{abs(hash_of(self.mark)) % 10**8:08}"

    @property
    def phone(self) -> str:
        """The number in a field."""
        return f"137{abs(hash_of(self.mark)) % 10**8:08}"

    def read(self) -> list[str]:
        """List what an export has to hold."""
        own = ("remark", "description", "corp", "position", "note", "draft", "reminder", "why")
        more = ("lossnote", "text", "nickname", "groupname", "entry", "pushed", "card", "event")
        imported = ("cell", "planned", "consent")
        said = [getattr(self, what) for what in (*own, *more, *imported)]
        return [self.external_userid, self.name, self.mobile, self.phone, *said]

    def canaries(self) -> list[str]:
        """List what may stand nowhere once he is erased."""
        return [self.external_userid, self.name, self.mark, self.mobile, self.phone]


def hash_of(text: str) -> int:
    """Return the same number for the same text, in every run."""
    return sum(ord(sign) * 31**place for place, sign in enumerate(text))
