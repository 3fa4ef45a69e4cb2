"""The page's users: a user pool of Cognito, where an administrator makes accounts unless the settings let everyone."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from cdk_app.constructs.names import resource_name
from cdk_app.nag import acknowledge
from cdk_app.settings import Settings

_MFA = {"off": cognito.Mfa.OFF, "optional": cognito.Mfa.OPTIONAL, "required": cognito.Mfa.REQUIRED}
_LENGTH = 14
_INVITATION_DAYS = 3


def user_pool(
    scope: Construct, construct_id: str, *, settings: Settings, removal_policy: cdk.RemovalPolicy
) -> cognito.UserPool:
    """Users who sign in with their address and a strong password, and an authenticator app where they want or must."""
    sign_in = settings.gateway.sign_in
    pool = cognito.UserPool(
        scope,
        construct_id,
        user_pool_name=resource_name(settings),
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        self_sign_up_enabled=sign_in.self_sign_up,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=_MFA[sign_in.mfa],
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False) if sign_in.mfa != "off" else None,
        password_policy=cognito.PasswordPolicy(
            min_length=_LENGTH,
            require_digits=True,
            require_lowercase=True,
            require_symbols=True,
            require_uppercase=True,
            temp_password_validity=cdk.Duration.days(_INVITATION_DAYS),
        ),
        deletion_protection=removal_policy == cdk.RemovalPolicy.RETAIN,
        removal_policy=removal_policy,
    )
    acknowledge(
        pool,
        "COG8",
        "Threat protection needs the Plus plan, which bills by user; what sign-in needs is in the plan below it.",
    )
    if sign_in.mfa != "required":
        acknowledge(pool, "COG2", "Whether users must have a second factor is a setting: `gateway.sign_in.mfa`.")
    return pool
