"""The one package that touches the emulator's private names.

Everything that the twin adds to the emulator goes through a function here, in the twin's own terms, and
`tests/twin/test_hooks.py` holds one contract test for each: an upgrade of the emulator that moves a private
name fails there, by name, and not in the middle of a run.

The emulator serves every request on one event loop. Handlers registered here are plain functions and run on
threads of their own, with the account and region of the request, so that they may block and may call back
into the emulator.
"""

from twin.emulator.hooks.callers import caller_credentials
from twin.emulator.hooks.cloudformation import add_cfn_resource, extend_cfn_resource, physical_name, provision_only
from twin.emulator.hooks.collections import (
    COLLECTIONS,
    Collection,
    collection_at,
    collection_of,
    collection_tags,
    data_access_policies,
    network_policies,
    serve_collections,
)
from twin.emulator.hooks.distributions import serve_distributions
from twin.emulator.hooks.encryption import (
    bucket_key,
    key_arn,
    key_of_ciphertext,
    key_state,
    object_key,
    service_may_use_key,
    table_key,
    topic_key,
    upload_key,
)
from twin.emulator.hooks.executions import (
    end_executions_with_the_emulator,
    enforce_execution_timeouts,
    give_succeed_states_their_output,
    keep_executions_ended,
)
from twin.emulator.hooks.firewalls import enforce_web_acls
from twin.emulator.hooks.functions import name_function_errors, refuse_unsupported_functions
from twin.emulator.hooks.identity import (
    Permission,
    deny_unmapped,
    give_condition_keys,
    give_resource_policies,
    map_iam,
    name_resources,
    on_denied,
    pass_role,
    require,
    role_credentials,
    trust_loopback,
)
from twin.emulator.hooks.lifecycle import load_persisted, on_shutdown, persist, save_persisted, serve, stop_work
from twin.emulator.hooks.public_hosts import serve_public_hosts
from twin.emulator.hooks.redrives import redrive_executions
from twin.emulator.hooks.rest_apis import add_test_invoke_method, hide_function_errors_from_api_clients
from twin.emulator.hooks.rest_keys import take_api_keys_from_authorizers
from twin.emulator.hooks.rest_requests import describe_requests_as_api_gateway
from twin.emulator.hooks.rest_streaming import stream_integrations
from twin.emulator.hooks.services import (
    Answer,
    Handler,
    Json,
    Request,
    Response,
    ServiceError,
    add_service,
    in_background,
    override,
    serve_only,
)
from twin.emulator.hooks.stacks import deploying_role, finish_stacks, remember_deploying_roles
from twin.emulator.hooks.streams import Stream
from twin.emulator.hooks.tasks import (
    Task,
    TaskFailedError,
    check_definitions_with,
    last_heartbeat,
    run_tasks_with,
    state_machine_of,
    wait_for_token,
)
from twin.emulator.hooks.trust import RoleNotAssumableError, require_trust
from twin.emulator.hooks.user_pools import judge_tokens_as_api_gateway, make_up_fitting_passwords
from twin.emulator.hooks.web_functions import FunctionFailedError, WebFunction, run_web_functions_with

__all__ = [
    "COLLECTIONS",
    "Answer",
    "Collection",
    "FunctionFailedError",
    "Handler",
    "Json",
    "Permission",
    "Request",
    "Response",
    "RoleNotAssumableError",
    "ServiceError",
    "Stream",
    "Task",
    "TaskFailedError",
    "WebFunction",
    "add_cfn_resource",
    "add_service",
    "add_test_invoke_method",
    "bucket_key",
    "caller_credentials",
    "check_definitions_with",
    "collection_at",
    "collection_of",
    "collection_tags",
    "data_access_policies",
    "deny_unmapped",
    "deploying_role",
    "describe_requests_as_api_gateway",
    "end_executions_with_the_emulator",
    "enforce_execution_timeouts",
    "enforce_web_acls",
    "extend_cfn_resource",
    "finish_stacks",
    "give_condition_keys",
    "give_resource_policies",
    "give_succeed_states_their_output",
    "hide_function_errors_from_api_clients",
    "in_background",
    "judge_tokens_as_api_gateway",
    "keep_executions_ended",
    "key_arn",
    "key_of_ciphertext",
    "key_state",
    "last_heartbeat",
    "load_persisted",
    "make_up_fitting_passwords",
    "map_iam",
    "name_function_errors",
    "name_resources",
    "network_policies",
    "object_key",
    "on_denied",
    "on_shutdown",
    "override",
    "pass_role",
    "persist",
    "physical_name",
    "provision_only",
    "redrive_executions",
    "refuse_unsupported_functions",
    "remember_deploying_roles",
    "require",
    "require_trust",
    "role_credentials",
    "run_tasks_with",
    "run_web_functions_with",
    "save_persisted",
    "serve",
    "serve_collections",
    "serve_distributions",
    "serve_only",
    "serve_public_hosts",
    "service_may_use_key",
    "state_machine_of",
    "stop_work",
    "stream_integrations",
    "table_key",
    "take_api_keys_from_authorizers",
    "topic_key",
    "trust_loopback",
    "upload_key",
    "wait_for_token",
]
