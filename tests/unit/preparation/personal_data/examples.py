"""Texts with what should be found in them, and texts in which nothing should be."""

_KEY = "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"] * 3)
_TOKEN = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"  # 36 letters and digits

FINDS = [
    # e-mail
    ("write to jane.doe+news@mail.example.co.uk.", "write to [EMAIL]."),
    ("<bob@example.com>", "<[EMAIL]>"),
    ("mailto:o'brien@example.com,'bob@example.com'", "mailto:[EMAIL],'[EMAIL]'"),
    ("jörg@müller.de und ...eva@example.com", "[EMAIL] und ...[EMAIL]"),
    ("jane@example.com—see", "[EMAIL]—see"),
    # telephone: international, North American, announced
    ("call +44 20 7946 0958 now", "call [PHONE] now"),
    ("+49 (0)30 1234567, +4930123456; +33.1.23.45.67.89", "[PHONE], [PHONE]; [PHONE]"),
    ("call +1 (212) 555-0123 x12", "call [PHONE]"),
    ("(212) 555-0123 or 212-555-0123 or 1-212-555-0123", "[PHONE] or [PHONE] or [PHONE]"),
    ("Tel.: 030 1234567", "Tel.: [PHONE]"),
    ("my mobile number is (07700) 900 123.", "my mobile number is [PHONE]."),
    ("(phone 030 1234567)", "(phone [PHONE])"),
    ('{"phoneNumber": "612 345 678"}', '{"phoneNumber": "[PHONE]"}'),
    ("Llámame al 612 345 678, por favor", "Llámame al [PHONE], por favor"),
    # payment
    ("IBAN DE89 3704 0044 0532 0130 00, thanks", "IBAN [IBAN], thanks"),
    ("AT61 1904 3002 3457 3201 USED", "[IBAN] USED"),
    ("GB82WEST12345698765432", "[IBAN]"),
    ("card 4111 1111 1111 1111.", "card [CARD]."),
    ("card 378282246310005, 3782 822463 10005", "card [CARD], [CARD]"),
    ("4111-1111-1111-1111 123 12/27", "[CARD] 123 12/27"),
    ("5018 0000 0009 or 30569309025904 or 6011111111111117", "[CARD] or [CARD] or [CARD]"),
    # persons
    ("SSN 123-45-6789", "SSN [SSN]"),
    ("social security number: 123 45 6789", "social security number: [SSN]"),
    ("CF RSSMRA85T10A562S", "CF [NATIONAL_ID]"),
    ("DNI 12345678Z, NIE X1234567L", "DNI [NATIONAL_ID], NIE [NATIONAL_ID]"),
    ("CPF 529.982.247-25", "CPF [NATIONAL_ID]"),
    ("811228-9874 and 131052-308T and 756.9217.0769.85", "[NATIONAL_ID] and [NATIONAL_ID] and [NATIONAL_ID]"),
    ("PESEL 44051401359", "PESEL [NATIONAL_ID]"),
    ("2 55 08 14 168 025 38 and 85.07.30-033.28", "[NATIONAL_ID] and [NATIONAL_ID]"),
    ("11010519491231002X", "[NATIONAL_ID]"),
    # network
    ("from 84.21.107.250, twice", "from [IP_ADDRESS], twice"),
    (
        "ping 8.8.8.8 and http://1.2.3.4/ and 9.8.7.6:8080",
        "ping [IP_ADDRESS] and http://[IP_ADDRESS]/ and [IP_ADDRESS]:8080",
    ),
    ("2001:4860:4860::8888: done", "[IP_ADDRESS]: done"),
    ("[2a00:1450:4001:81b:0:0:0:200e]:443", "[[IP_ADDRESS]]:443"),
    # secrets
    ("key AKIAIOSFODNN7EXAMPLE", "key [AWS_ACCESS_KEY]"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [AWS_SECRET_KEY]"),
    (
        "AKIAIOSFODNN7EXAMPLE / wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "[AWS_ACCESS_KEY] / [AWS_SECRET_KEY]",
    ),
    (f"ghp_{_TOKEN}", "[GITHUB_TOKEN]"),
    ("glpat-aB3dE5fG7hJ9kL1mN3pQ.", "[GITLAB_TOKEN]."),
    ("xoxb-123456789012-1234567890123-aB3dE5fG7hJ9kL1mN3pQ5rS7", "[SLACK_TOKEN]"),
    (f"sk_live_{_TOKEN}", "[STRIPE_KEY]"),
    (f"AIza{_TOKEN[:-1]}", "[GOOGLE_KEY]"),
    (f"sk-{_TOKEN}{_TOKEN[:12]}", "[OPENAI_KEY]"),
    (f"sk-proj-{_TOKEN}_{_TOKEN}", "[OPENAI_KEY]"),
    (f"hf_{_TOKEN} npm_{_TOKEN}", "[HUGGINGFACE_TOKEN] [NPM_TOKEN]"),
    (
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.aB3dE5fG7hJ9kL1mN3pQ5rS7tU9",
        "Bearer [JWT]",
    ),
    (f"a\n-----BEGIN RSA PRIVATE KEY-----\n{_KEY}\n-----END RSA PRIVATE KEY-----\nb", "a\n[PRIVATE_KEY]\nb"),
    (f"-----BEGIN PRIVATE KEY-----\n{_KEY}\n", "[PRIVATE_KEY]\n"),
    ("postgres://jane:s3cr3t!pw@db.example.org/x", "postgres://jane:[PASSWORD]@db.example.org/x"),
    ("password='hunter2hunter2' API_KEY=aB3dE5fG7h", "password='[PASSWORD]' API_KEY=[PASSWORD]"),
]

CLEAN = [
    "version 1.2.3.4 of 10.0.0.0/16 in 192.168.1.10, 127.0.0.1 and 255.255.255.0",
    "documentation: 192.0.2.44, 198.51.100.7, 203.0.113.255, 2001:db8::8a2e:370:7334",
    "networks 52.94.0.0/22 and 2600:1f00::/24",
    "v8: upgrade to 11.8.172.13, Chrome/103.0.5060.53, section 2.2.1.1, 4.19.118.2-1 and OID 1.3.6.1.4.1.311",
    "account 123456789012, time 1718000000000, order 4111 1111 1111 1112",
    "arn:aws:iam::123456789012:role/x and arn:aws:lambda:eu-west-1:568282634449:function:f",
    "550e8400-e29b-41d4-a716-446655440000 and https://example.com/issues/5390364397928448",
    "2024-01-15, 12:30:45, 1,234,567.89, 100-200, pages 030 1234567",
    "the telephone of 2019-01-02 and 2017-2022; library call, closes: #1001961",
    "FAR 252.227-7013, +0100, 1.0+20190101, UTC+1000 2009, C++ 17 +1 more, +20190101, +999 123456789",
    "IBAN DE88 3704 0044 0532 0130 00 has a wrong checksum, and DE89 is short",
    "000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000 and 12-345-6789",
    "RSSMRA85T10A562T, 12345678A, 529.982.247-26, 811228-9875, 44051401358, 756.9217.0769.86",
    "@mention, a@b, user@localhost, git@github.com, sprite@2x.png, getty@tty1.service and 999.1.1.1",
    "Message-ID: <20160419091055.GF2345@example.org>, <51A606A0.5060101@example.org>",
    "std::vector, ad::be, 12:00:00, 2:4:6:8:10:12:14:16, 43:51:43:a1:b5:fc:8b:b7:0a:3a:a9:b1:0f:66:73:a8",
    "aws_secret_access_key = da39a3ee5e6b4b0d3255bfef95601890afd80709 is a hash, AKIAshort is no key",
    "eyJhbGciOiJIUzI1NiJ9.short and eyJxxxxxxxxxxxxxxxx.yyyyyyyyyyyy.zzzzzzzzzzzzzzzzzzzzzzzz",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "https://user:password@host, password: The password of the user. password = getpass() password=<your password>",
    "ISBN 978-3-16-148410-0, sk-learn, ghp_short, hf_hub, task-force, glib-2.0, xoxo",
]
