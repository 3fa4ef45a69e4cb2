"""A contract test for each private name of the emulator that the hooks touch.

When the emulator is upgraded and one of these fails, the hook that it names needs to be written anew; the
behaviour tests then say whether it works.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

CLOUDFRONT, COGNITO, LAMBDA = (f"ministack.services.{name}" for name in ("cloudfront", "cognito", "lambda_svc"))
REST, RUNTIME = "ministack.services.apigateway_v1", "ministack.core.lambda_runtime"
PROVISIONERS = "ministack.services.cloudformation.provisioners"
COLLECTIONS = "ministack.services.opensearchserverless"
STATES, SUCCEED = "ministack.services.stepfunctions", "give_succeed_states_their_output"

# hook, module, private name, parameters (None: not a function)
FUNCTIONS = [
    ("require", "ministack.core.iam_evaluator", "enforce",
     "access_key_id iam_action service region resource_arn service_context"),
    ("bucket_key", "ministack.services.s3", "_bucket_default_sse_headers", "bucket_name"),
    ("add_cfn_resource", "ministack.services.cloudformation.stacks", "_runs_on_worker_thread", "resource_type"),
    ("add_service", "ministack.core.concurrency", "run_reentrant", "fn args thread_name"),
    ("add_test_invoke_method", REST, "_authorize_request_v1",
     "api_id stage_name method_obj method request_path resource headers body query_params path_params stage "
     "owner_account_id owner_region"),
    ("add_test_invoke_method", REST, "_iam_caller_identity", "headers query_params"),
    ("add_test_invoke_method", REST, "handle_execute",
     "api_id stage_name method path headers body query_params"),
    ("caller_credentials", "ministack.core.iam_evaluator", "resolve_credential",
     "access_key_id account_id session_token"),
    ("principals_of", "ministack.core.iam_evaluator", "resolve_caller_identity", "access_key_id"),
    ("show_plain_sign_in", COGNITO, "_page_shell", "title heading body_html"),
    ("check_definitions_with", PROVISIONERS, "_sfn_definition", "props"),
    ("check_definitions_with", PROVISIONERS, "_sfn_handler_error", "message"),
    ("check_definitions_with", STATES, "_validate_definition_jsonata", "definition_str"),
    ("check_function_settings", PROVISIONERS, "_lambda_create",
     "logical_id props stack_name"),
    ("check_function_settings", LAMBDA, "_create_function", "data"),
    ("check_function_settings", LAMBDA, "_func_arn", "name"),
    ("check_function_settings", LAMBDA, "_invalid_parameter_value", "message"),
    ("check_function_settings", LAMBDA, "_update_config", "name data"),
    ("enforce_execution_timeouts", STATES, "_emit_execution_status_event", "execution"),
    ("enforce_execution_timeouts", STATES, "_run_execution", "exec_arn"),
    ("enforce_execution_timeouts", STATES, "now_iso", ""),
    ("finish_stacks", "ministack.services.cloudformation", "load_persisted_state", "data"),
    ("finish_stacks", "ministack.services.cloudformation.stacks", "_add_event",
     "stack_id stack_name logical_id resource_type status reason physical_id detailed_status"),
    ("finish_stacks", "ministack.services.cloudformation.stacks", "_stack_region_context", "stack stack_id"),
    ("give_condition_keys", "ministack.core.iam_evaluator", "enforce",
     "access_key_id iam_action service region resource_arn service_context"),
    ("give_resource_policies", "ministack.core.iam_evaluator", "_resource_policy", "service resource_arn"),
    ("hide_function_errors_from_api_clients", REST, "_lambda_proxy_response", "result"),
    (SUCCEED, STATES, "_apply_jsonata_output", "state_def raw_input ctx result error_output default"),
    (SUCCEED, STATES, "_apply_output_path", "state_def data ctx"),
    (SUCCEED, STATES, "_state_query_language", "state_def ctx"),
    ("isolate_functions", RUNTIME, "_detect_runtime_binary", "runtime"),
    ("keep_executions_ended", STATES, "_add_event", "execution event_type details"),
    ("keep_executions_ended", STATES, "_fail_execution", "execution error cause"),
    ("key_arn", "ministack.services.kms", "_resolve_key", "key_id_or_arn"),
    ("key_of_ciphertext", "ministack.core.iam_actions", "_kms_key_id_from_ciphertext", "ciphertext_b64"),
    ("map_iam", "ministack.core.iam_actions", "extract_iam_action", "service method path headers body query_params"),
    ("map_iam", "ministack.core.iam_actions", "extract_resource_arn",
     "service method path headers body query_params region account_id"),
    ("name_function_errors", LAMBDA, "_execute_function_warm", "func event request_id"),
    ("on_denied", "ministack.core.iam_actions", "access_denied_response",
     "service action principal_arn request_id error_code message headers resource_arn explicit_deny "
     "resource_policy_arn"),
    ("on_denied", "ministack.core.iam_actions", "identity_denial_message",
     "action principal_arn resource explicit_deny"),
    ("persist", "ministack.core.persistence", "load_state", "service"),
    ("persist", "ministack.core.persistence", "save_state", "service data"),
    ("physical_name", PROVISIONERS, "_physical_name",
     "stack_name logical_id lowercase max_len seeded"),
    ("refuse_unsupported_functions", LAMBDA, "_execute_function_docker",
     "func event request_id"),
    ("refuse_unsupported_functions", LAMBDA, "_execute_function_provided",
     "func event request_id"),
    ("refuse_unsupported_functions", LAMBDA, "_execute_function_provided_warm",
     "func event request_id"),
    ("require", "ministack.core.router", "extract_access_key_id", "headers query_params"),
    ("require_trust", "ministack.core.iam_evaluator", "_service_principal_matches", "principal service"),
    ("require_trust", "ministack.core.iam_evaluator", "evaluate", "ctx policies limits"),
    ("require_trust", "ministack.core.iam_evaluator", "parse_policy_document", "doc"),
    ("role_credentials", "ministack.core.iam_evaluator", "validate_role_arn", "role_arn"),
    ("role_credentials", "ministack.services.sts", "register_session", "access_key session"),
    ("run_tasks_with", STATES, "_execute_task", "state_def raw_input execution ctx"),
    ("run_tasks_with", STATES, "_invoke_resource", "resource input_data"),
    ("run_tasks_with", STATES, "_invoke_resource_with_timeout",
     "resource input_data timeout"),
    ("run_tasks_with", STATES, "_invoke_with_callback",
     "resource input_data token state_def"),
    ("run_tasks_with", STATES, "_jsonata_state_field",
     "state_def field expected raw_input ctx"),
    ("run_tasks_with", STATES, "_resolve_path", "path data"),
    ("serve_only", "ministack.app", "_handle_cognito_body_request", "method path headers body query_params"),
    ("serve_only", "ministack.app", "_handle_cognito_get_request", "method path headers query_params"),
    ("serve_only", "ministack.app", "_handle_execute_api_request",
     "host path method headers body query_params raw_path raw_query_string"),
    ("serve_only", "ministack.app", "_handle_lambda_url_request",
     "host path method headers body query_params source_ip"),
    ("serve_only", "ministack.app", "_handle_s3_vhost_request", "host path method headers body query_params"),
    ("serve_only", "ministack.app", "_handle_special_data_plane_request",
     "method path headers body query_params request_id raw_path raw_query_string client_ip"),
    ("serve_only", "ministack.app", "_with_data_plane_headers", "response request_id include_s3_id wildcard_cors"),
    ("Stream", "ministack.app", "_send_streaming_response", "send receive status headers streaming"),
    ("Stream", "ministack.core.responses", "StreamingResponse", "runner"),
    ("service_may_use_key", "ministack.core.iam_evaluator", "evaluate_resource_policy",
     "doc ctx service named_only direct_only"),
    ("service_may_use_key", "ministack.services.kms", "key_policy_for_arn", "resource_arn"),
    ("trust_loopback", "ministack.core.iam_evaluator", "pin_request_origin", "source_ip secure_transport"),
    # ---- the gateway and its page ----
    ("answer_sign_in", "ministack.app", "_handle_cognito_get_request", "method path headers query_params"),
    ("answer_sign_in", "ministack.app", "_handle_cognito_body_request", "method path headers body query_params"),
    ("answer_sign_in", COGNITO, "_revoke_token", "data"),
    ("answer_viewer", CLOUDFRONT, "find_distribution_for_label", "label"),
    ("answer_viewer", CLOUDFRONT, "handle_viewer_request",
     "dist method path raw_uri raw_query_string headers body query_params client_ip"),
    ("describe_requests_as_api_gateway", REST, "_build_lambda_event_v1",
     "api_id stage_name stage resource request_path method headers body query_params path_params "
     "binary_media_types authorizer_context caller_identity"),
    ("describe_requests_as_api_gateway", REST, "_execute_in_scope",
     "request api_id stage_name method path headers body query_params owner_account_id owner_region"),
    ("describe_requests_as_api_gateway", REST, "_invoke_lambda_proxy_v1",
     "integration api_id stage_name stage resource request_path method headers body query_params "
     "path_params owner_account_id owner_region binary_media_types authorizer_context caller_identity"),
    ("enforce_web_acls", CLOUDFRONT, "_cf_error_response", "status explanation x_cache"),
    ("enforce_web_acls", CLOUDFRONT, "_dist_config_el", "dist"),
    ("enforce_web_acls", CLOUDFRONT, "_text", "el tag default"),
    ("judge_tokens_as_api_gateway", REST, "_fetch_jwks", "url"),
    ("judge_tokens_as_api_gateway", REST, "_validate_cognito_authorizer",
     "authorizer method_obj headers query_params stage"),
    ("judge_tokens_as_api_gateway", COGNITO, "_get_pool_unscoped", "pool_id"),
    ("judge_tokens_as_api_gateway", COGNITO, "well_known_jwks", "pool_id"),
    ("make_up_fitting_passwords", COGNITO, "_admin_create_user", "data"),
    ("run_web_functions_with", LAMBDA, "_acquire_execution_slot", "func config"),
    ("run_web_functions_with", LAMBDA, "_emit_lambda_logs", "func request_id log_text error duration_ms log_source"),
    ("run_web_functions_with", LAMBDA, "_execute_function_warm", "func event request_id"),
    ("run_web_functions_with", LAMBDA, "_release_execution_slot", "key"),
    ("run_web_functions_with", LAMBDA, "_resolve_layer_zip", "attachment"),
    ("run_web_functions_with", LAMBDA, "invalidate_worker", "func_name qualifier account region"),
    ("run_web_functions_with", RUNTIME, "_account_region_from_function_config", "config"),
    ("run_web_functions_with", RUNTIME, "execution_credentials", "config"),
    ("serve_collections", "ministack.app", "_handle_special_data_plane_request",
     "method path headers body query_params request_id raw_path raw_query_string client_ip"),
    ("serve_collections", "ministack.core.iam_evaluator", "pin_request_caller", "headers query_params"),
    ("serve_collections", "ministack.core.router", "extract_region", "headers query_params"),
    ("serve_collections", COLLECTIONS, "_collection_detail", "rec fields"),
    ("serve_collections", COLLECTIONS, "_collection_endpoint", "collection_id"),
    ("serve_collections", COLLECTIONS, "_create_collection", "data"),
    ("serve_collections", COLLECTIONS, "_delete_collection", "data"),
    ("serve_collections", COLLECTIONS, "_find_collection_anywhere", "collection_id"),
    ("serve_collections", COLLECTIONS, "_matching_encryption_key", "name"),
    ("serve_collections", COLLECTIONS, "_signed_for_aoss", "headers query_params"),
    ("serve_distributions", "ministack.app", "_handle_execute_api_request",
     "host path method headers body query_params raw_path raw_query_string"),
    ("serve_distributions", CLOUDFRONT, "_dataplane_allowed_methods", "behavior_el"),
    ("serve_distributions", CLOUDFRONT, "_fetch_from_origin",
     "origin method uri query_string headers body viewer_is_https client_ip viewer_xff dist_arn"),
    ("serve_distributions", CLOUDFRONT, "_origin_request_headers", "origin headers client_ip viewer_x_forwarded_for"),
    ("serve_distributions", CLOUDFRONT, "_s3_object_key", "origin uri"),
    ("serve_distributions", CLOUDFRONT, "_serve_s3_origin", "origin method uri headers dist_arn"),
    ("serve_distributions", PROVISIONERS, "_cf_distribution_config", "props caller_reference"),
    ("serve_public_hosts", "ministack.app", "_handle_post_body_shortcuts",
     "method path headers body query_params request_id"),
    ("serve_public_hosts", "ministack.app", "_handle_pre_body_request",
     "method path headers query_params request_id"),
    ("serve_public_hosts", "ministack.app", "_handle_special_data_plane_request",
     "method path headers body query_params request_id raw_path raw_query_string client_ip"),
    ("stream_integrations", REST, "_extract_lambda_ref_from_integration_uri", "uri"),
    ("stream_integrations", REST, "_gw_error", "response_type message"),
    ("stream_integrations", REST, "_put_integration", "api_id resource_id http_method data"),
    ("stream_integrations", LAMBDA, "_execution_record_for_config", "func config"),
    ("stream_integrations", LAMBDA, "_get_func_record_for_ref_in_scope", "function_ref account_id region"),
    ("stream_integrations", PROVISIONERS, "_apigw_method_create", "logical_id props stack_name"),
    ("take_api_keys_from_authorizers", REST, "_api_key_from_request", "headers"),
    ("take_api_keys_from_authorizers", REST, "_authorize_request_v1",
     "api_id stage_name method_obj method request_path resource headers body query_params path_params "
     "stage owner_account_id owner_region"),
    ("take_api_keys_from_authorizers", REST, "_check_api_key", "method_obj api_id stage_name headers"),
    ("take_api_keys_from_authorizers", REST, "_invoke_authorizer_lambda", "authorizer event account_id region"),
    ("take_api_keys_from_authorizers", PROVISIONERS, "_apigw_rest_api_create", "logical_id props stack_name"),
    ("take_api_keys_from_authorizers", PROVISIONERS, "_apigw_throttle", "raw"),
    ("take_api_keys_from_authorizers", PROVISIONERS, "_apigw_usage_plan_body", "props"),
]  # fmt: skip
TABLES = [
    ("add_cfn_resource", PROVISIONERS, "_RESOURCE_HANDLERS"),
    ("add_service", "ministack.app", "SERVICE_HANDLERS"),
    ("add_service", "ministack.core.router", "SERVICE_PATTERNS"),
    ("map_iam", "ministack.core.iam_actions", "SERVICE_TO_IAM_NAMESPACE"),
    ("serve_collections", COLLECTIONS, "_HANDLERS"),
]
STORES = [
    ("add_test_invoke_method", REST, "_resources"),
    ("add_test_invoke_method", REST, "_stages_v1"),
    ("answer_sign_in", COGNITO, "_user_pools"),
    ("check_function_settings", LAMBDA, "_functions"),
    ("collection_tags", COLLECTIONS, "_tags"),
    ("data_access_policies", COLLECTIONS, "_access_policies"),
    ("enforce_web_acls", "ministack.services.waf", "_associations"),
    ("enforce_web_acls", "ministack.services.waf", "_web_acls"),
    ("finish_stacks", "ministack.services.cloudformation", "_stacks"),
    ("network_policies", COLLECTIONS, "_security_policies"),
    ("object_key", "ministack.services.s3", "_buckets"),
    ("object_key", "ministack.services.s3", "_object_versions"),
    ("require_trust", "ministack.services.iam", "_roles"),
    ("run_tasks_with", STATES, "_executions"),
    ("run_tasks_with", STATES, "_state_machines"),
    ("run_tasks_with", STATES, "_task_tokens"),
    ("stream_integrations", REST, "_resources"),
    ("table_key", "ministack.services.dynamodb", "_tables"),
    ("take_api_keys_from_authorizers", REST, "_rest_apis"),
    ("topic_key", "ministack.services.sns", "_topics"),
    ("upload_key", "ministack.services.s3", "_multipart_uploads"),
]


def private(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("hook", "module", "name", "parameters"), FUNCTIONS)
def test_function_has_the_parameters_that_its_hook_expects(hook: str, module: str, name: str, parameters: str) -> None:
    found = inspect.signature(inspect.unwrap(private(module, name))).parameters
    assert list(found) == parameters.split(), f"hooks.{hook} replaces or calls {module}.{name}"


@pytest.mark.parametrize(("hook", "module", "name"), TABLES)
def test_table_is_a_dictionary_that_its_hook_can_add_to(hook: str, module: str, name: str) -> None:
    assert isinstance(private(module, name), dict), f"hooks.{hook} adds to {module}.{name}"


@pytest.mark.parametrize(("hook", "module", "name"), STORES)
def test_store_can_be_read_by_key(hook: str, module: str, name: str) -> None:
    assert callable(private(module, name).get), f"hooks.{hook} reads {module}.{name}"


def test_a_resolved_credential_has_what_signs_a_request() -> None:
    fields = private("ministack.core.iam_evaluator", "ResolvedCredential").__dataclass_fields__
    assert {"access_key_id", "secret_access_key", "session_token"} <= set(fields)
    error = private("ministack.core.iam_evaluator", "CredentialResolutionError")("Code", "why")
    assert (error.code, error.message) == ("Code", "why")


def test_step_functions_errors_carry_name_and_cause() -> None:
    error = private("ministack.services.stepfunctions", "_ExecutionError")("Name", "why")
    assert (error.error, error.cause) == ("Name", "why")


def test_the_python_worker_reports_errors_where_the_hook_adds_their_names() -> None:
    from twin.emulator.hooks import functions

    script = private("ministack.core.lambda_runtime", "_PYTHON_WORKER_SCRIPT")
    assert functions._INVOKE_ERROR in script
    assert functions._INIT_ERROR in script


def test_a_worker_can_be_invoked_through_its_class() -> None:
    worker = private("ministack.core.lambda_runtime", "Worker")
    assert list(inspect.signature(worker.invoke).parameters)[:3] == ["self", "event", "request_id"]


def test_a_worker_starts_its_process_where_the_hook_gives_it_another_environment() -> None:
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    source = inspect.getsource(runtime.Worker._spawn)
    assert "_detect_runtime_binary(runtime)" in source
    assert source.count("subprocess.Popen(") == 1
    assert "env=spawn_env" in source


def test_conditions_of_trust_policies_find_their_keys_in_lower_case() -> None:
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    account = "000000000000"
    keys = {"aws:sourceaccount": account}
    context = evaluator.EvalContext("", "Service", "", "sts:AssumeRole", "*", "us-east-1", service_context=keys)
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": ["000000000000"]}},
    }
    policy = evaluator.parse_policy_document({"Statement": [statement]})
    assert evaluator.evaluate(context, [policy]).decision == "Allow"


def test_policies_of_collections_lie_by_account_and_region() -> None:
    serverless = importlib.import_module(COLLECTIONS)
    responses = importlib.import_module("ministack.core.responses")
    serverless._access_policies["data/mine"] = {"policy": []}
    try:
        [(key, _)] = serverless._access_policies.all_items()
        assert key == (responses.get_account_id(), responses.get_region(), "data/mine")
    finally:
        del serverless._access_policies["data/mine"]


def test_the_emulator_is_the_pinned_version() -> None:
    from importlib.metadata import version

    assert version("ministack") == "1.5.33"
