// Runs in admin.  Data: the shapes of what grants authority (secrets, hosts, modules, settings) and of checks
// of the audit chain.
#include "admin/schemas.h"

namespace mcpbox::admin {
namespace {

// clang-format off
constexpr Schema kSchemas[] = {
    {"Secret",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},)"
     R"("key_name":{"type":"string"},"description":{"type":"string"},"has_value":{"type":"boolean"},)"
     R"("mode":{"enum":["sealed","exposed"]},"host":{"type":["string","null"]},)"
     R"("port":{"type":"integer"},"place":{"type":"string"},"name":{"type":["string","null"]},)"
     R"("template":{"type":["string","null"]},"created_by":{"type":["string","null"]},)"
     R"("set_by":{"type":["string","null"]},"set_at":{"type":["string","null"]}},"required":["id",)"
     R"("key_name","description","has_value","mode","host","port","place","name","template",)"
     R"("created_by","set_by","set_at"]})"},
    {"SecretPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Secret"}},"total":{"type":"integer"},)"
     R"("page":{"type":"integer"},"page_size":{"type":"integer"},"pages":{"type":"integer"}},)"
     R"("required":["items","total","page","page_size","pages"]})"},
    {"SecretCreate",
     R"({"type":"object","additionalProperties":false,"properties":{"key_name":{"type":"string",)"
     R"("minLength":1,"maxLength":64},"description":{"type":"string","minLength":0,"maxLength":2000},)"
     R"("mode":{"enum":["sealed","exposed"]},"host":{"type":"string","minLength":0,"maxLength":253},)"
     R"("port":{"type":"integer","minimum":1,"maximum":65535},"place":{"enum":["header","basic","query",)"
     R"("path","json","form"]},"name":{"type":"string","minLength":0,"maxLength":64},)"
     R"("template":{"type":"string","minLength":0,"maxLength":128}},"required":["key_name"]})"},
    {"SecretValue",
     R"({"type":"object","additionalProperties":false,"properties":{"value":{"type":"string",)"
     R"("minLength":1,"maxLength":10000},"mode":{"enum":["sealed","exposed"]},"host":{"type":"string",)"
     R"("minLength":0,"maxLength":253},"port":{"type":"integer","minimum":1,"maximum":65535},)"
     R"("place":{"enum":["header","basic","query","path","json","form"]},"name":{"type":"string",)"
     R"("minLength":0,"maxLength":64},"template":{"type":"string","minLength":0,"maxLength":128}},)"
     R"("required":["value"]})"},
    {"Grant",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"kind":{"enum":["host",)"
     R"("module"]},"status":{"enum":["pending","approved","rejected","revoked"]},)"
     R"("name":{"type":"string"},"server_id":{"type":["string","null"]},"server_name":{"type":["string",)"
     R"("null"]},"tool_id":{"type":["string","null"]},"tool_name":{"type":["string","null"]},)"
     R"("port":{"type":["integer","null"]},"methods":{"type":"array","items":{"type":"string"}},)"
     R"("path":{"type":["string","null"]},"private_too":{"type":"boolean"},)"
     R"("may_be_private":{"type":"boolean"},"installed":{"type":"boolean"},)"
     R"("in_standard_library":{"type":"boolean"},"justification":{"type":"string"},)"
     R"("source":{"enum":["admin","llm"]},"requested_by":{"type":["string","null"]},)"
     R"("created_at":{"type":"string","format":"date-time"},"reviewed_by":{"type":["string","null"]},)"
     R"("reviewed_at":{"type":["string","null"]},"rejection_reason":{"type":["string","null"]},)"
     R"("sequence":{"type":"integer"}},"required":["id","kind","status","name","server_id",)"
     R"("server_name","tool_id","tool_name","port","methods","path","private_too","may_be_private",)"
     R"("installed","in_standard_library","justification","source","requested_by","created_at",)"
     R"("reviewed_by","reviewed_at","rejection_reason","sequence"]})"},
    {"GrantPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Grant"}},"total":{"type":"integer"},)"
     R"("page":{"type":"integer"},"page_size":{"type":"integer"},"pages":{"type":"integer"}},)"
     R"("required":["items","total","page","page_size","pages"]})"},
    {"GrantDetail",
     R"({"type":"object","properties":{"id":{"type":"string","format":"uuid"},"kind":{"enum":["host",)"
     R"("module"]},"status":{"enum":["pending","approved","rejected","revoked"]},)"
     R"("name":{"type":"string"},"server_id":{"type":["string","null"]},"server_name":{"type":["string",)"
     R"("null"]},"tool_id":{"type":["string","null"]},"tool_name":{"type":["string","null"]},)"
     R"("port":{"type":["integer","null"]},"methods":{"type":"array","items":{"type":"string"}},)"
     R"("path":{"type":["string","null"]},"private_too":{"type":"boolean"},)"
     R"("may_be_private":{"type":"boolean"},"installed":{"type":"boolean"},)"
     R"("in_standard_library":{"type":"boolean"},"justification":{"type":"string"},)"
     R"("source":{"enum":["admin","llm"]},"requested_by":{"type":["string","null"]},)"
     R"("created_at":{"type":"string","format":"date-time"},"reviewed_by":{"type":["string","null"]},)"
     R"("reviewed_at":{"type":["string","null"]},"rejection_reason":{"type":["string","null"]},)"
     R"("sequence":{"type":"integer"},"reaches":{"type":"array","items":{"type":"string"}},)"
     R"("reaches_total":{"type":"integer"}},"required":["id","kind","status","name","server_id",)"
     R"("server_name","tool_id","tool_name","port","methods","path","private_too","may_be_private",)"
     R"("installed","in_standard_library","justification","source","requested_by","created_at",)"
     R"("reviewed_by","reviewed_at","rejection_reason","sequence","reaches","reaches_total"]})"},
    {"GrantDecision",
     R"({"type":"object","additionalProperties":false,"properties":{"action":{"enum":["approve",)"
     R"("reject","revoke"]},"sequence":{"type":"integer","minimum":0},"reason":{"type":"string",)"
     R"("minLength":0,"maxLength":2000},"private_too":{"type":"boolean"}},"required":["action",)"
     R"("sequence"]})"},
    {"BulkGrantDecision",
     R"({"type":"object","additionalProperties":false,"properties":{"requests":{"type":"array",)"
     R"("minItems":1,"maxItems":100,"items":{"type":"object","properties":{"id":{"type":"string",)"
     R"("format":"uuid"},"sequence":{"type":"integer","minimum":0}},"required":["id","sequence"]}},)"
     R"("action":{"enum":["approve","reject"]},"reason":{"type":"string","minLength":0,)"
     R"("maxLength":2000}},"required":["requests","action"]})"},
    {"HostAdd",
     R"({"type":"object","additionalProperties":false,"properties":{"host":{"type":"string",)"
     R"("minLength":1,"maxLength":506},"port":{"type":"integer","minimum":1,"maximum":65535},)"
     R"("methods":{"type":"array","items":{"enum":["GET","HEAD","POST","PUT","PATCH","DELETE",)"
     R"("OPTIONS"]}},"path":{"type":"string","minLength":0,"maxLength":256},)"
     R"("private_too":{"type":"boolean"},"justification":{"type":"string","minLength":0,)"
     R"("maxLength":2000}},"required":["host"]})"},
    {"Module",
     R"({"type":"object","properties":{"module_name":{"type":"string"},"default":{"type":"boolean"},)"
     R"("is_installed":{"type":"boolean"},"is_stdlib":{"type":"boolean"}},"required":["module_name",)"
     R"("default","is_installed","is_stdlib"]})"},
    {"ModulePage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Module"}},"total":{"type":"integer"},)"
     R"("page":{"type":"integer"},"page_size":{"type":"integer"},"pages":{"type":"integer"}},)"
     R"("required":["items","total","page","page_size","pages"]})"},
    {"ModuleAdd",
     R"({"type":"object","additionalProperties":false,"properties":{"module_name":{"type":"string",)"
     R"("minLength":1,"maxLength":128},"justification":{"type":"string","minLength":0,)"
     R"("maxLength":2000}},"required":["module_name"]})"},
    {"SettingChoice",
     R"({"type":"object","properties":{"value":{"type":"string"},"weaker":{"type":"boolean"}},)"
     R"("required":["value","weaker"]})"},
    {"SettingField",
     R"({"type":"object","properties":{"key":{"type":"string"},"value":{"type":"string"},)"
     R"("weaker":{"type":"boolean"},"description":{"type":"string"},"default":{"type":"string"},)"
     R"("weaker_words":{"type":["string","null"]},"values":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/SettingChoice"}},"minimum":{"type":"integer"},)"
     R"("maximum":{"type":"integer"}},"required":["key","value","weaker","description","default",)"
     R"("weaker_words","values","minimum","maximum"]})"},
    {"Profile",
     R"({"type":"object","properties":{"name":{"type":"string"},"description":{"type":"string"},)"
     R"("values":{"type":"object","additionalProperties":{"type":"string"}}},"required":["name",)"
     R"("description","values"]})"},
    {"SettingValues",
     R"({"type":"object","properties":{"profile":{"type":["string","null"]},"fields":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/SettingField"}},"profiles":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Profile"}}},"required":["profile","fields","profiles"]})"},
    {"SettingChange",
     R"({"type":"object","additionalProperties":false,)"
     R"("properties":{"remote_tool_editing":{"enum":["disabled","enabled"]},)"
     R"("tool_approval_mode":{"enum":["require_approval","auto_approve"]},)"
     R"("network_access_policy":{"enum":["require_approval","allow_all_public"]},)"
     R"("module_approval_mode":{"enum":["require_approval","auto_approve"]},)"
     R"("redact_secrets_in_output":{"enum":["enabled","disabled"]},)"
     R"("log_retention_days":{"type":"integer","minimum":1,"maximum":3650},)"
     R"("mcp_rate_limit_rpm":{"type":"integer","minimum":10,"maximum":10000},)"
     R"("decide_from":{"enum":["ui+ctl","ctl"]}},"required":[],"minProperties":1})"},
    {"ProfileChange",
     R"({"type":"object","additionalProperties":false,"properties":{"profile":{"enum":["strict",)"
     R"("balanced","permissive"]}},"required":["profile"]})"},
    {"AuditCheck",
     R"({"type":"object","properties":{"intact":{"type":"boolean"},"records":{"type":"integer"},)"
     R"("checkpoints":{"type":"integer"},"first":{"type":"integer"},"last":{"type":"integer"},)"
     R"("hash":{"type":"string","pattern":"^[0-9a-f]{64}$"},"damage":{"type":["string","null"]},)"
     R"("record":{"type":["integer","null"]},"report":{"type":"string"}},"required":["intact","records",)"
     R"("checkpoints","first","last","hash","damage","record","report"]})"},
    {"Checkpoint",
     R"({"type":"object","properties":{"valid":{"type":"boolean"},"sequence":{"type":["integer",)"
     R"("null"]},"hash":{"type":["string","null"]},"at":{"type":["string","null"]},)"
     R"("purpose":{"type":["string","null"]}},"required":["valid","sequence","hash","at","purpose"]})"},
    {"CheckpointPage",
     R"({"type":"object","properties":{"items":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Checkpoint"}},"total":{"type":"integer"},)"
     R"("page":{"type":"integer"},"page_size":{"type":"integer"},"pages":{"type":"integer"},)"
     R"("public_key":{"type":"string","pattern":"^[0-9a-f]{64}$"},)"
     R"("end":{"$ref":"#/components/schemas/Checkpoint"}},"required":["items","total","page",)"
     R"("page_size","pages","public_key","end"]})"},
};
// clang-format on

}  // namespace

std::span<const Schema> authority_schemas() { return kSchemas; }

}  // namespace mcpbox::admin
