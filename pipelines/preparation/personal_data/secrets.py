"""Keys, tokens and passwords: whoever reads one can act in its owner's name, and a model can repeat it.

Issuers publish what their tokens begin with and how long they are, so that leaks can be found; that is the pattern.
AWS's secret keys have no beginning of their own: a word or an access key in front of them must say what they are.
"""

import base64
import json
import re
from collections.abc import Iterator

from pipelines.preparation.personal_data.detector import Detector


def has_all_kinds(match: re.Match[str]) -> bool:
    """Whether capitals, small letters and digits are there: a random key has all, a hash or a path has not."""
    return all(re.search(kind, match["value"]) for kind in ("[A-Z]", "[a-z]", "[0-9]"))


def is_web_token(match: re.Match[str]) -> bool:
    """Whether the first part of three is a JSON object that names its algorithm (RFC 7519)."""
    header = match[0].split(".")[0]
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, RecursionError):
        return False


def holds_key(match: re.Match[str]) -> bool:
    """Whether there is a key between the lines that announce one, and not three dots."""
    return re.search("[A-Za-z0-9+/]{20}", match[0]) is not None


def is_chosen(match: re.Match[str]) -> bool:
    """Whether a password in an address is one, and not the word that stands for it."""
    return _PLACEHOLDER.fullmatch(match["value"]) is None


def has_letters_and_digits(match: re.Match[str]) -> bool:
    """Whether what is assigned to a password looks like one: no word, no number, no expression."""
    return all(re.search(kind, match["value"]) for kind in ("[A-Za-z]", "[0-9]"))


_PLACEHOLDER = re.compile(
    "(?:my|your)?_?(?:pass|passw|passwd|password|pwd|secret|token|x{3,}|\\*{3,}|123|abc|xyz)", re.IGNORECASE
)


def _token(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){form}(?![\w-])")


def _tokens(name: str, beginnings: str, form: str) -> tuple[Detector, ...]:
    """One row for each beginning, which is its own hint."""
    return tuple(Detector(name, beginning, _token(re.escape(beginning) + form)) for beginning in beginnings.split())


def _aws_keys(beginning: str) -> tuple[Detector, ...]:
    """An access key, and the secret key that stands behind one on the same line."""
    return (
        Detector("aws_secret_key", beginning, re.compile(rf"{beginning}[A-Z0-9]{{16}}{_BEHIND}"), has_all_kinds),
        *_tokens("aws_access_key", beginning, "[A-Z0-9]{16}"),
    )


def _assigned(hints: str) -> Iterator[Detector]:
    """Rows for `password = "…"` and the like; what is quoted may have more characters than what is not."""
    for hint in hints.split():
        for value in (
            r"[\"'](?P<value>[^\s\"'<>{}$\[\]]{8,128})[\"']",
            r"(?P<value>[^\s\"'<>{}$\[\](),;&]{8,128})(?!\()",
        ):
            pattern = re.compile(_ASSIGNMENT + value, re.IGNORECASE)
            yield Detector("password", hint, pattern, has_letters_and_digits)


_ASSIGNMENT = (
    r"(?<![A-Za-z])(?:pass(?:word|wd|phrase)|api[_-]?key|client[_-]?secret|(?:access|auth|api)[_-]token)"
    r"[\"']?\s?(?::=|=>|[=:])\s?"
)
_BEHIND = r"[^\n\[\]]{0,40}?(?<![\w/+.-])(?P<value>[A-Za-z0-9/+]{40})(?![\w/+=-])"

# Atomic groups, not possessive ones, around what has branches: Python before 3.11.5 matches those wrongly
# (github.com/python/cpython/issues/106052).
PRIVATE_KEY = Detector(
    "private_key",
    "PRIVATE KEY",
    re.compile(
        r"-----BEGIN (?P<kind>(?:[A-Z0-9]{1,12} ){0,3})PRIVATE KEY(?: BLOCK)?-----(?:"
        r"(?>(?:[^-]++|-(?!----))*)-----END (?P=kind)PRIVATE KEY(?: BLOCK)?-----"
        r"|(?>(?:\s{0,4}[A-Za-z0-9+/=]{20,76}(?!\w))+))"  # one that is cut off
    ),
    holds_key,
)
DETECTORS = (
    Detector("aws_secret_key", "ecret", re.compile(rf"[Ss]ecret{_BEHIND}"), has_all_kinds),
    Detector("aws_secret_key", "ECRET", re.compile(rf"SECRET{_BEHIND}"), has_all_kinds),
    *_aws_keys("AKIA"),
    *_aws_keys("ASIA"),
    *(
        Detector(
            "aws_session_token",
            beginning,
            re.compile(rf"(?<![A-Za-z0-9/+]){beginning}[A-Za-z0-9/+]{{80,}}+={{0,2}}(?![\w-])"),
        )
        for beginning in ("IQoJb3JpZ2lu", "FQoGZXIvYXdz", "FwoGZXIvYXdz")
    ),
    *_tokens("github_token", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9]{36,255}"),
    *_tokens("github_token", "github_pat_", "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    *_tokens(
        "gitlab_token",
        "glpat- glptt- gldt- glrt- glcbt- glft- glimt- glagent- glsoat- gloas-",
        r"[A-Za-z0-9_-]{20,64}+(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?",
    ),
    Detector("slack_token", "xox", _token(r"xox[abeoprs](?:\.xox[bp])?-(?:[0-9A-Z]{1,13}-){1,4}[A-Za-z0-9]{16,200}")),
    *_tokens("slack_token", "xapp-1-A", "[A-Z0-9]{8,12}-[0-9]{10,14}-[a-f0-9]{64}"),
    *_tokens("slack_token", "hooks.slack.com/services/", "T[A-Z0-9]{8,12}/B[A-Z0-9]{8,14}/[A-Za-z0-9]{20,32}"),
    Detector("stripe_key", "k_live_", _token("[rs]k_live_[A-Za-z0-9]{24,247}")),
    Detector("stripe_key", "k_test_", _token("[rs]k_test_[A-Za-z0-9]{24,247}")),
    *_tokens("stripe_key", "whsec_", "[A-Za-z0-9+/]{32,64}={0,2}"),
    *_tokens("google_key", "AIza", "[A-Za-z0-9_-]{35}"),
    *_tokens("google_key", "GOCSPX-", "[A-Za-z0-9_-]{28}"),
    *_tokens("google_key", "ya29.", "[A-Za-z0-9_-]{40,512}+"),
    Detector("anthropic_key", "sk-", _token(r"sk-ant-[a-z]{3,8}[0-9]{2}-[\w-]{80,120}+")),
    Detector(
        "openai_key",
        "sk-",
        _token(
            "sk-(?:[A-Za-z0-9]{48}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"
            "|(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,220}+)"
        ),
    ),
    *_tokens("huggingface_token", "hf_", "[A-Za-z0-9]{34,40}"),
    *_tokens("npm_token", "npm_", "[A-Za-z0-9]{36}"),
    *_tokens("pypi_token", "pypi-AgE", "[A-Za-z0-9_-]{50,512}+"),
    *_tokens("sendgrid_key", "SG.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    Detector(
        "jwt",
        "eyJ",
        re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]{20,}+"),
        is_web_token,
    ),
    Detector(
        "password",
        "://",
        re.compile(r"://[\w.%+~-]{1,64}:(?P<value>[^\s/@:\[\]<>{}$\"']{3,128})@(?=[\w\[])"),
        is_chosen,
    ),
    *_assigned("assw assphr pi_key pi-key piKey _secret _token ASSW PI_KEY _SECRET _TOKEN"),
)
