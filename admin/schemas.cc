// Runs in admin.  Data: what the answers look like, for whoever reads the OpenAPI document; tests hold the
// answers to it.
#include "admin/schemas.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace mcpbox::admin {
namespace {

// clang-format off
constexpr Schema kSchemas[] = {
    {"Problem",
     R"({"type":"object","properties":{"detail":{"anyOf":[{"type":"string"},{"type":"array",)"
     R"("items":{"type":"object","properties":{"loc":{"type":"array","items":{"type":"string"}},)"
     R"("msg":{"type":"string"},"type":{"type":"string"}},"required":["loc","msg","type"]}}]}},)"
     R"("required":["detail"]})"},
    {"Health",
     R"({"type":"object","properties":{"status":{"enum":["healthy","unhealthy"]},"version":{"type":"string"}},)"
     R"("required":["status","version"]})"},
    {"Config",
     R"({"type":"object","properties":{"app_name":{"type":"string"},"app_version":{"type":"string"},)"
     R"("auth_required":{"type":"boolean"},"setup_required":{"type":"boolean"},"may_decide":{"type":"boolean"}},)"
     R"("required":["app_name","app_version","auth_required","setup_required","may_decide"]})"},
    {"Setup",
     R"({"type":"object","additionalProperties":false,"properties":{"code":{"type":"string","minLength":1,)"
     R"("maxLength":32},"username":{"type":"string","minLength":3,"maxLength":64},"password":{"type":"string",)"
     R"("minLength":12,"maxLength":256},"token":{"type":"boolean"}},"required":["code","username","password"]})"},
    {"Login",
     R"({"type":"object","additionalProperties":false,"properties":{"username":{"type":"string","minLength":1,)"
     R"("maxLength":64},"password":{"type":"string","minLength":1,"maxLength":256},"token":{"type":"boolean"}},)"
     R"("required":["username","password"]})"},
    {"SignedIn",
     R"({"type":"object","properties":{"username":{"type":"string"},"session_id":{"type":"string",)"
     R"("format":"uuid"},"expires_at":{"type":"string","format":"date-time"},"access_token":{"type":"string"},)"
     R"("token_type":{"enum":["bearer"]},"expires_in":{"type":"integer"}},"required":["username","session_id",)"
     R"("expires_at"]})"},
    {"Session",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"username":{"type":"string"},)"
     R"("client":{"type":"string"},"address":{"type":"string"},"created_at":{"type":"string",)"
     R"("format":"date-time"},"used_at":{"type":"string","format":"date-time"},"expires_at":{"type":"string",)"
     R"("format":"date-time"},"current":{"type":"boolean"}},"required":["id","username","client","address",)"
     R"("created_at","used_at","expires_at","current"]})"},
    {"Who",
     R"({"type":"object","properties":{"session":{"anyOf":[{"$ref":"#/components/schemas/Session"},)"
     R"({"type":"null"}]}},"required":["session"]})"},
    {"PasswordChange",
     R"({"type":"object","additionalProperties":false,"properties":{"current_password":{"type":"string",)"
     R"("minLength":1,"maxLength":256},"new_password":{"type":"string","minLength":12,"maxLength":256}},)"
     R"("required":["current_password","new_password"]})"},
    {"SessionPage",
     R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/Session"}},)"
     R"("total":{"type":"integer"},"page":{"type":"integer"},"page_size":{"type":"integer"},)"
     R"("pages":{"type":"integer"}},"required":["items","total","page","page_size","pages"]})"},
    {"Admin",
     R"({"type":"object","properties":{"username":{"type":"string"},"created_at":{"type":"string",)"
     R"("format":"date-time"},"updated_at":{"type":"string","format":"date-time"}},"required":["username",)"
     R"("created_at","updated_at"]})"},
    {"AdminPage",
     R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/Admin"}},)"
     R"("total":{"type":"integer"},"page":{"type":"integer"},"page_size":{"type":"integer"},)"
     R"("pages":{"type":"integer"}},"required":["items","total","page","page_size","pages"]})"},
    {"AdminCreate",
     R"({"type":"object","additionalProperties":false,"properties":{"username":{"type":"string","minLength":3,)"
     R"("maxLength":64},"password":{"type":"string","minLength":12,"maxLength":256}},"required":["username",)"
     R"("password"]})"},
    {"Process",
     R"({"type":"object","properties":{"role":{"type":"string"},"pid":{"type":"integer"},)"
     R"("serving":{"type":"boolean"},"restarts":{"type":"integer"},"layers":{"type":"array",)"
     R"("items":{"type":"string"}},"missing":{"type":"array","items":{"type":"string"}}},"required":["role",)"
     R"("pid","serving","restarts","layers","missing"]})"},
    {"Layer",
     R"({"type":"object","properties":{"name":{"type":"string"},"stops":{"type":"string"}},"required":["name",)"
     R"("stops"]})"},
    {"Status",
     R"({"type":"object","properties":{"version":{"type":"string"},"trial":{"type":"boolean"},)"
     R"("missing_allowed":{"type":"array","items":{"type":"string"}},"frozen":{"type":"boolean"},)"
     R"("freeze_reason":{"type":"string"},"database_up":{"type":"boolean"},"database":{"type":"string"},)"
     R"("audit_records":{"type":"integer"},"calls_in_flight":{"type":"integer"},)"
     R"("calls_queued":{"type":"integer"},"cpu_slots":{"type":"integer"},"cpu_slots_used":{"type":"integer"},)"
     R"("calls_memory_bytes":{"type":"integer"},"calls_memory_used_bytes":{"type":"integer"},)"
     R"("spares_ready":{"type":"integer"},"servers_running":{"type":"integer"},)"
     R"("tools_published":{"type":"integer"},"tools_pending":{"type":"integer"},"listeners":{"type":"array",)"
     R"("items":{"type":"string"}},"admin_listeners":{"type":"array","items":{"type":"string"}},)"
     R"("processes":{"type":"array","items":{"$ref":"#/components/schemas/Process"}},"layers":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Layer"}},"warnings":{"type":"array","items":{"type":"string"}},)"
     R"("self_attack":{"type":"string"}},"required":["version","trial","missing_allowed","frozen",)"
     R"("freeze_reason","database_up","database","audit_records","calls_in_flight","calls_queued","cpu_slots",)"
     R"("cpu_slots_used","calls_memory_bytes","calls_memory_used_bytes","spares_ready","servers_running","tools_published",)"
     R"("tools_pending","listeners","admin_listeners","processes","layers","warnings","self_attack"]})"},
    {"Reason",
     R"({"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string","minLength":0,)"
     R"("maxLength":2000}},"required":[]})"},
    {"Notes",
     R"({"type":"object","additionalProperties":false,"properties":{"notes":{"type":"string","minLength":0,)"
     R"("maxLength":2000}},"required":[]})"},
    {"Point",
     R"({"type":"object","properties":{"timestamp":{"type":"string","format":"date-time"},)"
     R"("value":{"type":"integer"}},"required":["timestamp","value"]})"},
    {"TopTool",
     R"({"type":"object","properties":{"tool_id":{"type":"string","format":"uuid"},)"
     R"("server_name":{"type":"string"},"tool_name":{"type":"string"},"invocations":{"type":"integer"},)"
     R"("avg_duration_ms":{"type":"number"},"errors":{"type":"integer"}},"required":["tool_id","server_name",)"
     R"("tool_name","invocations","avg_duration_ms","errors"]})"},
    {"RecentError",
     R"({"type":"object","properties":{"timestamp":{"type":"string","format":"date-time"},)"
     R"("server_name":{"type":"string"},"tool_name":{"type":"string"},"tool_id":{"type":"string",)"
     R"("format":"uuid"},"message":{"type":["string","null"]}},"required":["timestamp","server_name","tool_name",)"
     R"("tool_id","message"]})"},
    {"DashboardStats",
     R"({"type":"object","properties":{"total_servers":{"type":"integer"},"active_servers":{"type":"integer"},)"
     R"("total_tools":{"type":"integer"},"enabled_tools":{"type":"integer"},"pending_tools":{"type":"integer"},)"
     R"("total_requests":{"type":"integer"},"capped":{"type":"boolean"},"total_errors":{"type":"integer"},"error_rate":{"type":"number"},)"
     R"("avg_response_time_ms":{"type":"number"},"p95_response_time_ms":{"type":"number"}},)"
     R"("required":["total_servers","active_servers","total_tools","enabled_tools","pending_tools",)"
     R"("total_requests","capped","total_errors","error_rate","avg_response_time_ms","p95_response_time_ms"]})"},
    {"Dashboard",
     R"({"type":"object","properties":{"stats":{"$ref":"#/components/schemas/DashboardStats"},)"
     R"("requests_over_time":{"type":"array","items":{"$ref":"#/components/schemas/Point"}},)"
     R"("errors_over_time":{"type":"array","items":{"$ref":"#/components/schemas/Point"}},)"
     R"("top_tools":{"type":"array","items":{"$ref":"#/components/schemas/TopTool"}},)"
     R"("recent_errors":{"type":"array","items":{"$ref":"#/components/schemas/RecentError"}}},)"
     R"("required":["stats","requests_over_time","errors_over_time","top_tools","recent_errors"]})"},
    {"ServerCreate",
     R"({"type":"object","additionalProperties":false,"properties":{"name":{"type":"string","minLength":1,)"
     R"("maxLength":30},"description":{"type":"string","minLength":0,"maxLength":2000}},"required":["name"]})"},
    {"ServerUpdate",
     R"({"type":"object","additionalProperties":false,"minProperties":1,"properties":{"name":{"type":"string",)"
     R"("minLength":1,"maxLength":30},"description":{"type":"string","minLength":0,"maxLength":2000},)"
     R"("default_timeout_ms":{"type":"integer","minimum":1000,"maximum":300000}},"required":[]})"},
    {"ServerRow",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},)"
     R"("description":{"type":"string"},"status":{"type":"string"},"tool_count":{"type":"integer"},)"
     R"("pending_count":{"type":"integer"},"created_by":{"type":["string","null"]},"created_at":{"type":"string",)"
     R"("format":"date-time"}},"required":["id","name","description","status","tool_count","pending_count",)"
     R"("created_by","created_at"]})"},
    {"ServerPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/ServerRow"}},"total":{"type":"integer"},"page":{"type":"integer"},)"
     R"("page_size":{"type":"integer"},"pages":{"type":"integer"}},"required":["items","total","page",)"
     R"("page_size","pages"]})"},
    {"ToolName",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},)"
     R"("description":{"type":"string"},"enabled":{"type":"boolean"},"approval_status":{"enum":["draft",)"
     R"("pending_review","approved","rejected"]}},"required":["id","name","description","enabled",)"
     R"("approval_status"]})"},
    {"Server",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},)"
     R"("description":{"type":"string"},"status":{"type":"string"},"created_at":{"type":"string",)"
     R"("format":"date-time"},"updated_at":{"type":"string","format":"date-time"},"tools":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/ToolName"}},"tool_count":{"type":"integer"}},"required":["id",)"
     R"("name","description","status","created_at","updated_at","tools","tool_count"]})"},
    {"Lifecycle",
     R"({"type":"object","properties":{"server_id":{"type":"string","format":"uuid"},"status":{"type":"string"},)"
     R"("registered_tools":{"type":"integer"}},"required":["server_id","status","registered_tools"]})"},
    {"ToolCreate",
     R"({"type":"object","additionalProperties":false,"properties":{"name":{"type":"string","minLength":1,)"
     R"("maxLength":30},"description":{"type":"string","minLength":0,"maxLength":2000},)"
     R"("python_code":{"type":"string","minLength":1,"maxLength":100000},"timeout_ms":{"type":"integer",)"
     R"("minimum":1000,"maximum":300000}},"required":["name","python_code"]})"},
    {"ToolUpdate",
     R"({"type":"object","additionalProperties":false,"properties":{"name":{"type":"string","minLength":1,)"
     R"("maxLength":30},"description":{"type":"string","minLength":0,"maxLength":2000},)"
     R"("python_code":{"type":"string","minLength":1,"maxLength":100000},"timeout_ms":{"type":"integer",)"
     R"("minimum":1000,"maximum":300000},"enabled":{"type":"boolean"}},"required":[]})"},
    {"ToolRow",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"server_id":{"type":"string",)"
     R"("format":"uuid"},"name":{"type":"string"},"description":{"type":"string"},"enabled":{"type":"boolean"},)"
     R"("approval_status":{"enum":["draft","pending_review","approved","rejected"]},)"
     R"("current_version":{"type":"integer"},"timeout_ms":{"type":"integer"},"created_by":{"type":["string",)"
     R"("null"]},"created_at":{"type":"string","format":"date-time"},"updated_at":{"type":"string",)"
     R"("format":"date-time"}},"required":["id","server_id","name","description","enabled","approval_status",)"
     R"("current_version","timeout_ms","created_by","created_at","updated_at"]})"},
    {"ToolPage",
     R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/ToolRow"}},)"
     R"("total":{"type":"integer"},"page":{"type":"integer"},"page_size":{"type":"integer"},)"
     R"("pages":{"type":"integer"}},"required":["items","total","page","page_size","pages"]})"},
    {"Tool",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"server_id":{"type":"string",)"
     R"("format":"uuid"},"server_name":{"type":"string"},"name":{"type":"string"},)"
     R"("published_name":{"type":"string"},"description":{"type":"string"},"enabled":{"type":"boolean"},)"
     R"("timeout_ms":{"type":"integer"},"python_code":{"type":"string"},"input_schema":{"type":"string"},)"
     R"("current_version":{"type":"integer"},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("approval_status":{"enum":["draft","pending_review","approved","rejected"]},)"
     R"("approval_requested_at":{"type":["string","null"]},"approved_at":{"type":["string","null"]},)"
     R"("approved_by":{"type":["string","null"]},"rejection_reason":{"type":["string","null"]},)"
     R"("publish_notes":{"type":["string","null"]},"created_by":{"type":["string","null"]},)"
     R"("created_at":{"type":"string","format":"date-time"},"updated_at":{"type":"string","format":"date-time"}},)"
     R"("required":["id","server_id","server_name","name","published_name","description","enabled","timeout_ms",)"
     R"("python_code","input_schema","current_version","digest","approval_status","approval_requested_at",)"
     R"("approved_at","approved_by","rejection_reason","publish_notes","created_by","created_at","updated_at"]})"},
    {"VersionRow",
     R"({"type":"object","properties":{"version_number":{"type":"integer"},"change_summary":{"type":"string"},)"
     R"("change_source":{"type":"string"},"author":{"type":["string","null"]},"digest":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{64}$"},"approval":{"enum":["approved","rejected","revoked",null]},)"
     R"("created_at":{"type":"string","format":"date-time"}},"required":["version_number","change_summary",)"
     R"("change_source","author","digest","approval","created_at"]})"},
    {"VersionPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/VersionRow"}},"total":{"type":"integer"},"page":{"type":"integer"},)"
     R"("page_size":{"type":"integer"},"pages":{"type":"integer"}},"required":["items","total","page",)"
     R"("page_size","pages"]})"},
    {"Difference",
     R"({"type":"object","properties":{"field":{"type":"string"},"old_value":{"type":["string","integer",)"
     R"("boolean"]},"new_value":{"type":["string","integer","boolean"]}},"required":["field","old_value",)"
     R"("new_value"]})"},
    {"Comparison",
     R"({"type":"object","properties":{"from_version":{"type":"integer"},"to_version":{"type":"integer"},)"
     R"("differences":{"type":"array","items":{"$ref":"#/components/schemas/Difference"}}},)"
     R"("required":["from_version","to_version","differences"]})"},
    {"Version",
     R"({"type":"object","properties":{"tool_id":{"type":"string","format":"uuid"},)"
     R"("version_number":{"type":"integer"},"kind":{"type":"string"},"name":{"type":"string"},)"
     R"("description":{"type":"string"},"python_code":{"type":"string"},"input_schema":{"type":"string"},)"
     R"("output_schema":{"type":"string"},"annotations":{"type":"string"},"icons":{"type":"string"},)"
     R"("headers":{"type":"string"},"uri_template":{"type":"string"},"timeout_ms":{"type":"integer"},)"
     R"("enabled":{"type":"boolean"},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("change_summary":{"type":"string"},"change_source":{"type":"string"},"author":{"type":["string","null"]},)"
     R"("created_at":{"type":"string","format":"date-time"}},"required":["tool_id","version_number","kind","name",)"
     R"("description","python_code","input_schema","output_schema","annotations","icons","headers",)"
     R"("uri_template","timeout_ms","enabled","digest","change_summary",)"
     R"("change_source","author","created_at"]})"},
    {"Code",
     R"({"type":"object","additionalProperties":false,"properties":{"code":{"type":"string","minLength":1,)"
     R"("maxLength":100000}},"required":["code"]})"},
    {"CodeReport",
     R"({"type":"object","properties":{"valid":{"type":"boolean"},"has_main":{"type":"boolean"},)"
     R"("error":{"type":["string","null"]},"line":{"type":"integer"},"parameters":{},"input_schema":{},)"
     R"("analysis":{},"modules":{"type":"array","items":{"type":"string"}}},"required":["valid","has_main",)"
     R"("error","line","parameters","input_schema","analysis","modules"]})"},
    {"TestRun",
     R"({"type":"object","additionalProperties":false,"properties":{"tool_id":{"type":"string","format":"uuid"},)"
     R"("arguments":{"type":"object"}},"required":["tool_id"]})"},
    {"TestResult",
     R"({"type":"object","properties":{"success":{"type":"boolean"},"call_id":{"type":"string","format":"uuid"},)"
     R"("result":{},"error":{"type":["string","null"]}},"required":["success","call_id","result","error"]})"},
    {"Decision",
     R"({"type":"object","additionalProperties":false,"properties":{"action":{"enum":["approve","reject"]},)"
     R"("digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("capabilities_digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},"reason":{"type":"string",)"
     R"("minLength":0,"maxLength":2000}},"required":["action","digest"]})"},
    {"Revocation",
     R"({"type":"object","additionalProperties":false,"properties":{"digest":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{64}$"},"reason":{"type":"string","minLength":0,"maxLength":2000}},)"
     R"("required":["digest"]})"},
    {"Decided",
     R"({"type":"object","properties":{"success":{"type":"boolean"},"tool_id":{"type":"string","format":"uuid"},)"
     R"("name":{"type":"string"},"status":{"enum":["draft","pending_review","approved","rejected"]},)"
     R"("version":{"type":"integer"},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"}},)"
     R"("required":["success","tool_id","name","status","version","digest"]})"},
    {"Shown",
     R"({"type":"object","additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid"},)"
     R"("digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},"capabilities_digest":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{64}$"}},"required":["id","digest"]})"},
    {"BulkDecision",
     R"({"type":"object","additionalProperties":false,"properties":{"tools":{"type":"array","minItems":1,)"
     R"("maxItems":100,"items":{"$ref":"#/components/schemas/Shown"}},"action":{"enum":["approve","reject"]},)"
     R"("reason":{"type":"string","maxLength":2000}},"required":["tools","action"]})"},
    {"BulkFailure",
     R"({"type":"object","properties":{"id":{"type":"string"},"error":{"type":"string"}},"required":["id",)"
     R"("error"]})"},
    {"BulkResult",
     R"({"type":"object","properties":{"success":{"type":"boolean"},"processed_count":{"type":"integer"},)"
     R"("failed":{"type":"array","items":{"$ref":"#/components/schemas/BulkFailure"}}},"required":["success",)"
     R"("processed_count","failed"]})"},
    {"ApprovalStats",
     R"({"type":"object","properties":{"pending_tools":{"type":"integer"},"approved_tools":{"type":"integer"},)"
     R"("rejected_tools":{"type":"integer"},"draft_tools":{"type":"integer"},)"
     R"("recently_approved":{"type":"integer"},"recently_rejected":{"type":"integer"},)"
     R"("pending_network_requests":{"type":"integer"},"pending_module_requests":{"type":"integer"}},)"
     R"("required":["pending_network_requests","pending_module_requests","pending_tools","approved_tools","rejected_tools","draft_tools","recently_approved",)"
     R"("recently_rejected"]})"},
    {"ReviewRow",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"server_id":{"type":"string",)"
     R"("format":"uuid"},"server_name":{"type":"string"},"name":{"type":"string"},)"
     R"("published_name":{"type":"string"},"description":{"type":"string"},"created_by":{"type":["string",)"
     R"("null"]},"publish_notes":{"type":["string","null"]},"approval_status":{"enum":["draft","pending_review",)"
     R"("approved","rejected"]},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("approval_requested_at":{"type":["string","null"]},"approved_at":{"type":["string","null"]},)"
     R"("approved_by":{"type":["string","null"]},"rejection_reason":{"type":["string","null"]},)"
     R"("current_version":{"type":"integer"}},"required":["id","server_id","server_name","name","published_name",)"
     R"("description","created_by","publish_notes","approval_status","digest","approval_requested_at",)"
     R"("approved_at","approved_by","rejection_reason","current_version"]})"},
    {"ReviewPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/ReviewRow"}},"total":{"type":"integer"},"page":{"type":"integer"},)"
     R"("page_size":{"type":"integer"},"pages":{"type":"integer"}},"required":["items","total","page",)"
     R"("page_size","pages"]})"},
    {"ExecutionRow",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"tool_id":{"type":"string",)"
     R"("format":"uuid"},"server_id":{"type":"string","format":"uuid"},"server_name":{"type":"string"},)"
     R"("tool_name":{"type":"string"},"success":{"type":"boolean"},"end":{"type":"string"},)"
     R"("duration_ms":{"type":"integer"},"queue_ms":{"type":"integer"},"peak_memory_bytes":{"type":["integer",)"
     R"("null"]},"egress_requests":{"type":"integer"},"egress_denied":{"type":"integer"},)"
     R"("error":{"type":["string","null"]},"is_test":{"type":"boolean"},"executed_by":{"type":"string"},)"
     R"("client":{"type":"string"},"version":{"type":"integer"},"created_at":{"type":"string",)"
     R"("format":"date-time"}},"required":["id","tool_id","server_id","server_name","tool_name","success","end",)"
     R"("duration_ms","queue_ms","peak_memory_bytes","egress_requests","egress_denied","error","is_test","executed_by","client","version",)"
     R"("created_at"]})"},
    {"ExecutionPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/ExecutionRow"}},"total":{"type":"integer"},)"
     R"("capped":{"type":"boolean"},"page":{"type":"integer"},"page_size":{"type":"integer"},"pages":{"type":"integer"}},"required":["items",)"
     R"("total","capped","page","page_size","pages"]})"},
    {"ExecutionStats",
     R"({"type":"object","properties":{"total_executions":{"type":"integer"},"successful":{"type":"integer"},)"
     R"("failed":{"type":"integer"},"avg_duration_ms":{"type":"number"},"period_hours":{"type":"integer"},"capped":{"type":"boolean"},)"
     R"("unique_tools":{"type":"integer"},"unique_users":{"type":"integer"}},"required":["total_executions",)"
     R"("successful","failed","avg_duration_ms","period_hours","capped","unique_tools","unique_users"]})"},
    {"ExecutionRecord",
     R"({"type":"object","properties":{"sequence":{"type":"integer"},"at":{"type":"string","format":"date-time"},)"
     R"("kind":{"type":"integer"},"actor":{"type":"string"},"action":{"type":"string"},"hash":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{64}$"}},"required":["sequence","at","kind","actor","action","hash"]})"},
    {"Execution",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"tool_id":{"type":"string",)"
     R"("format":"uuid"},"server_id":{"type":"string","format":"uuid"},"server_name":{"type":"string"},)"
     R"("tool_name":{"type":"string"},"digest":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("version":{"type":"integer"},"executed_by":{"type":"string"},"uid":{"type":["integer","null"]},)"
     R"("client":{"type":"string"},"duration_ms":{"type":"integer"},"queue_ms":{"type":"integer"},)"
     R"("peak_memory_bytes":{"type":["integer","null"]},"egress_requests":{"type":"integer"},)"
     R"("egress_denied":{"type":"integer"},"success":{"type":"boolean"},"end":{"type":"string"},)"
     R"("is_test":{"type":"boolean"},"created_at":{"type":"string","format":"date-time"},)"
     R"("input_args":{"type":["string","null"]},"result":{"type":["string","null"]},"stdout":{"type":["string",)"
     R"("null"]},"error":{"type":["string","null"]},"audit":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/ExecutionRecord"}}},"required":["id","tool_id","server_id",)"
     R"("server_name","tool_name","digest","version","executed_by","uid","client","duration_ms","queue_ms",)"
     R"("peak_memory_bytes","egress_requests","egress_denied","success","end","is_test","created_at","input_args","result","stdout","error",)"
     R"("audit"]})"},
    {"AuditRow",
     R"({"type":"object","properties":{"sequence":{"type":"integer"},"at":{"type":"string","format":"date-time"},)"
     R"("kind":{"type":"string"},"actor":{"type":"string"},"action":{"type":"string"},)"
     R"("subject":{"type":["string","null"]},"call":{"type":["string","null"]},"number":{"type":"integer"},)"
     R"("digest":{"type":["string","null"]},"hash":{"type":"string","pattern":"^[0-9a-f]{64}$"}},)"
     R"("required":["sequence","at","kind","actor","action","subject","call","number","digest","hash"]})"},
    {"AuditPage",
     R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/AuditRow"}},)"
     R"("total":{"type":"integer"},"capped":{"type":"boolean"},"page":{"type":"integer"},"page_size":{"type":"integer"},)"
     R"("pages":{"type":"integer"}},"required":["items","total","capped","page","page_size","pages"]})"},
    {"ActivityItem",
     R"({"type":"object","properties":{"sequence":{"type":"integer"},"at":{"type":"string","format":"date-time"},)"
     R"("kind":{"type":"string"},"actor":{"type":"string"},"action":{"type":"string"},"subject":{"type":["string","null"]},)"
     R"("call":{"type":["string","null"]},"number":{"type":"integer"},"tool":{"type":["string","null"]}},)"
     R"("required":["sequence","at","kind","actor","action","subject","call","number","tool"]})"},
    {"ActivityNews",
     R"({"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/ActivityItem"}},)"
     R"("last":{"type":"integer"}},"required":["items","last"]})"},
    {"Document",
     R"({"type":"object","properties":{"openapi":{"type":"string"},"info":{"type":"object"},)"
     R"("paths":{"type":"object"},"components":{"type":"object"}},"required":["openapi","info","paths",)"
     R"("components"]})"},
};

constexpr Schema kParameters[] = {
    {"page", R"({"type":"integer","minimum":1,"default":1})"},
    {"page_size", R"({"type":"integer","minimum":1,"maximum":100})"},
    {"search", R"({"type":"string","maxLength":200})"},
    {"status", R"({"enum":["pending_review","approved","rejected","draft","all"],"default":"pending_review"})"},
    {"words", R"({"type":"string","maxLength":200})"},
    {"outcome", R"({"enum":["success","failed","test"]})"},
    {"executed_by", R"({"type":"string","maxLength":128})"},
    {"period", R"({"enum":["1h","6h","24h","7d"],"default":"24h"})"},
    {"period_hours", R"({"type":"integer","minimum":1,"maximum":8760,"default":24})"},
    {"action", R"({"type":"string","maxLength":32})"},
    {"username", R"({"type":"string"})"},
    {"after", R"({"type":"integer","minimum":0})"},
    {"grant_status", R"({"enum":["pending","approved","rejected","revoked","all"],"default":"pending"})"},
    {"key_name", R"({"type":"string","pattern":"^[A-Z][A-Z0-9_]*$","maxLength":64})"},
    {"number", R"({"type":"integer","minimum":1})"},
};
// clang-format on

}  // namespace

std::span<const Schema> schemas() {
  static const std::vector<Schema> all = [] {
    std::vector<Schema> whole(std::begin(kSchemas), std::end(kSchemas));
    for (const auto part : {authority_schemas(), review_schemas()})
      whole.insert(whole.end(), part.begin(), part.end());
    return whole;
  }();
  return all;
}

std::string_view parameter_schema(std::string_view name) {
  const auto* found = std::ranges::find(kParameters, name, &Schema::name);
  return found == std::ranges::end(kParameters) ? R"({"type":"string","format":"uuid"})" : found->json;
}

}  // namespace mcpbox::admin
