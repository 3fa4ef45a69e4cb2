"""Check digits that several numbers share."""


def luhn(digits: str) -> bool:
    """Whether digits satisfy Luhn's checksum (ISO/IEC 7812): cards, Swedish personal numbers."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return len(set(digits)) > 1 and (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def weighted(digits: str, weights: str) -> int:
    """Sum of the digits, each multiplied by its weight; every weight is one digit."""
    return sum(int(digit) * int(weight) for digit, weight in zip(digits, weights, strict=True))
