"""Values by type: Faker's by locale, and keys and tokens drawn to the shapes that their issuers publish."""

import base64
import ipaddress
import json
import random
import re
import string
from collections.abc import Callable
from typing import Any

from faker import Faker

ALPHANUMERIC = string.ascii_letters + string.digits
_CARDS = ("maestro", "mastercard", "visa13", "visa16", "visa19", "amex", "discover", "diners", "jcb15", "jcb16")
_GROUPS = {12: (4, 4, 4), 13: (4, 3, 3, 3), 14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4), 19: (4, 4, 4, 4, 3)}


def _swedish(fake: Any) -> str:
    return str(fake.ssn(long=fake.boolean()))


_IDENTITIES: dict[str, Callable[[Faker], str]] = {
    "es_ES": lambda fake: fake.random_element((fake.nie, fake.nif))(),
    "pt_BR": lambda fake: fake.cpf(),
    "sv_SE": _swedish,
}

NOT_LOOKED_FOR = "phone, national without a word"
"""A form that does not count, measured all the same."""


class Values:
    """Draws values out of a mix of locales; the same seed gives the same values."""

    def __init__(self, locales: tuple[str, ...], north_america: str, identities: tuple[str, ...], seed: int) -> None:
        names = dict.fromkeys((*locales, north_america, *identities, "en_US"))
        self._fakers = {name: Faker(name) for name in names}
        for number, fake in enumerate(self._fakers.values()):
            fake.seed_instance(seed + number)
        self._locales, self._north_america, self._identities = locales, north_america, identities
        self._random = random.Random(seed)

    def types(self) -> dict[str, Callable[[], str]]:
        """Functions that draw a value, by what it is; the first word is the type that should be found."""
        return {
            "email": self.email,
            "phone, international": lambda: self.phone("+"),
            "phone, North American": self.north_american,
            "phone, announced": lambda: self.phone(""),
            "iban": self.iban,
            "card": self.card,
            "ssn": lambda: str(self._fakers["en_US"].ssn()),
            "national_id": self.identity,
            "ip_address, IPv4": lambda: str(self._faker().ipv4_public()),
            "ip_address, IPv6": self.ipv6,
            "aws_access_key": lambda: (
                self._random.choice(("AKIA", "ASIA")) + self._draw(string.ascii_uppercase + "234567", 16)
            ),
            "aws_secret_key, announced": lambda: self._draw(ALPHANUMERIC + "/+", 40),
            "aws_session_token": lambda: "IQoJb3JpZ2lu" + self._draw(ALPHANUMERIC + "/+", 300) + "==",
            "github_token": self.github,
            "gitlab_token": lambda: (
                self._random.choice(("glpat-", "gldt-", "glrt-")) + self._draw(ALPHANUMERIC + "_-", 20)
            ),
            "slack_token": self.slack,
            "stripe_key": lambda: (
                self._random.choice(("sk_live_", "rk_live_", "sk_test_"))
                + self._draw(ALPHANUMERIC, self._random.choice((24, 99)))
            ),
            "google_key": lambda: "AIza" + self._draw(ALPHANUMERIC + "_-", 35),
            "openai_key": self.openai,
            "jwt": self.web_token,
            "private_key": self.private_key,
            "password, assigned": self.password,
            NOT_LOOKED_FOR: lambda: self.phone(""),
        }

    def email(self) -> str:
        fake = self._faker()
        draw = self._random.choice(("ascii_company_email", "free_email", "safe_email", "dotted", "tagged"))
        user, domain = fake.user_name(), fake.domain_name()
        if draw == "dotted":
            return f"{user}.{self._random.choice('abcdef')}@mail.{domain}"
        return f"{user}+news@{domain}" if draw == "tagged" else str(getattr(fake, draw)())

    def phone(self, beginning: str) -> str:
        """A number of one of the locales, with `+` or without it."""
        while True:
            number = str(self._faker().phone_number())
            if number.startswith("+") == bool(beginning):
                compact = number.replace(" ", "").replace("(0)", "")
                # Faker draws area codes that begin with 0; without the (0) before them nobody could dial those.
                dialled = beginning and "(0)0" not in number.replace(" ", "")
                return compact if dialled and self._random.random() < 0.2 else number

    def north_american(self) -> str:
        """A number as North America groups it; bare digits, or digits with spaces, count as announced ones."""
        while True:
            number = str(self._fakers[self._north_america].phone_number())
            # Faker's Canada has area codes and exchanges that begin with 1, which do not exist.
            exists = re.match(r"(?:\+?1[ -]|001-)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[2-9]", number)
            if exists and number[0] != "+":
                return number

    def iban(self) -> str:
        number = str(self._faker().iban())
        return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if self._random.random() < 0.5 else number

    def card(self) -> str:
        number = str(self._faker().credit_card_number(card_type=self._random.choice(_CARDS)))
        separator = self._random.choice(("", " ", "-"))
        groups, position = [], 0
        for size in _GROUPS[len(number)]:
            groups.append(number[position : position + size])
            position += size
        return separator.join(groups)

    def identity(self) -> str:
        locale = self._random.choice(self._identities)
        fake = self._fakers[locale]
        draw = _IDENTITIES.get(locale)
        return str(draw(fake) if draw else fake.ssn())

    def ipv6(self) -> str:
        address = ipaddress.IPv6Address(0b001 << 125 | self._random.getrandbits(125))
        if self._random.random() < 0.5:  # half of them with a run of zeros, as servers have it
            zeros = self._random.randrange(16, 80)
            address = ipaddress.IPv6Address(int(address) >> zeros + 16 << zeros + 16 | self._random.getrandbits(16))
        text = self._random.choice((address.exploded, address.compressed))
        return self.ipv6() if not address.is_global else text

    def github(self) -> str:
        if self._random.random() < 0.3:
            return f"github_pat_{self._draw(ALPHANUMERIC, 22)}_{self._draw(ALPHANUMERIC, 59)}"
        return self._random.choice(("ghp_", "gho_", "ghu_", "ghs_", "ghr_")) + self._draw(ALPHANUMERIC, 36)

    def slack(self) -> str:
        digits = [self._draw(string.digits, self._random.choice((11, 12, 13))) for _ in range(3)]
        bot = f"xoxb-{digits[0]}-{digits[1]}-{self._draw(ALPHANUMERIC, 24)}"
        user = f"xoxp-{'-'.join(digits)}-{self._draw('0123456789abcdef', 32)}"
        return self._random.choice((bot, user))

    def openai(self) -> str:
        old = f"sk-{self._draw(ALPHANUMERIC, 20)}T3BlbkFJ{self._draw(ALPHANUMERIC, 20)}"
        parts = [self._draw(ALPHANUMERIC + "_-", 73) + self._draw(ALPHANUMERIC, 1) for _ in range(2)]
        return self._random.choice((old, f"sk-proj-{'T3BlbkFJ'.join(parts)}"))

    def web_token(self) -> str:
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": self._draw(string.digits, 10), "iat": 1516239022}]
        encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        return ".".join((*encoded, self._draw(ALPHANUMERIC + "_-", 43)))

    def password(self) -> str:
        """Eight characters and more, with letters and digits among them."""
        length = self._random.randrange(8, 24)
        return (
            self._draw(string.ascii_letters, 1)
            + self._draw(ALPHANUMERIC + "!#%*+-./:=?@^_~", length)
            + self._draw(string.digits, 1)
        )

    def private_key(self) -> str:
        kind = self._random.choice(("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "))
        lines = [self._draw(ALPHANUMERIC + "/+", 64) for _ in range(self._random.choice((3, 25)))]
        body = "\n".join((*lines, self._draw(ALPHANUMERIC + "/+", 30) + "=="))
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"

    def _faker(self) -> Faker:
        return self._fakers[self._random.choice(self._locales)]

    def _draw(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choices(alphabet, k=length))
