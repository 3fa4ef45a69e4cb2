"""What a browser reaches of the account, and under which name here: distributions and user pools' sign-in pages.

On AWS both have names of their own, and templates write these down: in a page's policy of what it may connect to, in
its configuration, in the list of addresses that a sign-in may return to. Here the name stays, `.localhost` is the
end, and the emulator's port is added, which is another one each time it starts:

    https://d111111abcdef8.cloudfront.net               http://d111111abcdef8.cloudfront.localhost:4566
    https://chat.auth.us-east-1.amazoncognito.com       http://chat.auth.us-east-1.amazoncognito.localhost:4566

Nothing but a distribution or a sign-in is served under such a name, so that a page may use its own: the account's
services, where whoever asks is root, are not.
"""

from __future__ import annotations

import re

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::\d{1,5})?"
_DISTRIBUTION = re.compile(rf"({_LABEL})\.cloudfront\.localhost{_PORT}", re.IGNORECASE)
_SIGN_IN = re.compile(rf"({_LABEL})\.auth\.[a-z0-9-]+\.amazoncognito\.localhost{_PORT}", re.IGNORECASE)
_AWS = re.compile(rf"https://({_LABEL}\.cloudfront)\.net\b|https://({_LABEL}\.auth\.[a-z0-9-]+\.amazoncognito)\.com\b")
_HERE = re.compile(
    rf"http://({_LABEL}\.cloudfront)\.localhost{_PORT}(?![\w.:-])"
    rf"|http://({_LABEL}\.auth\.[a-z0-9-]+\.amazoncognito)\.localhost{_PORT}(?![\w.:-])"
)


def distribution_label(host: str) -> str | None:
    """The label of the distribution that a host names, or None."""
    found = _DISTRIBUTION.fullmatch(host)
    return found[1].lower() if found else None


def sign_in_prefix(host: str) -> str | None:
    """The prefix of the user pool's domain that a host names, or None."""
    found = _SIGN_IN.fullmatch(host)
    return found[1].lower() if found else None


def is_public(host: str) -> bool:
    """Whether a host is a distribution's or a sign-in's."""
    return distribution_label(host) is not None or sign_in_prefix(host) is not None


def here(text: str, port: int) -> str:
    """The text with AWS's names as this machine's."""
    return _AWS.sub(lambda found: f"http://{found[1] or found[2]}.localhost:{port}", text)


def there(text: str) -> str:
    """The text with this machine's names as AWS's."""
    return _HERE.sub(lambda found: f"https://{found[1]}.net" if found[1] else f"https://{found[2]}.com", text)
