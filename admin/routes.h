// Every path that this process answers, in one table; the OpenAPI document and the page at /api/docs are made
// from it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "admin/admin.h"

namespace mcpbox::admin {

enum class Needs : unsigned char {
  kNothing,
  kSession,  // somebody who is signed in: a request without a token is answered 401 before its handler
};

enum class Counts : unsigned char {
  kYes,
  kNo,  // not counted against the rate limit
};

struct Route {
  Method method;
  std::string_view path;  // {NAME} stands for one segment
  Needs needs;
  Counts counts;
  std::size_t body;  // bytes; 0: none is taken; beyond: 413
  Task<Answered> (*answer)(Admin& a, const Incoming& in);
  int status;              // when it went well
  std::string_view group;  // of the documentation
  std::string_view takes;  // name of a schema, for the body; empty: none
  std::string_view gives;  // name of a schema; empty: no content
  std::string_view query;  // names of the query's parameters, separated by spaces
  std::string_view summary;
};

[[nodiscard]] std::span<const Route> routes();

// What stands for the path's {NAME}s, when `path` is this route's.
[[nodiscard]] std::optional<std::vector<std::string>> match(std::string_view route_path,
                                                            std::string_view path);

// Takes a request from the HTTP server: checks, finds the route, answers.
void answer(Admin& a, const std::shared_ptr<Exchange>& exchange);

// The OpenAPI 3.1 document of routes().
[[nodiscard]] std::string openapi_document(std::string_view version);
// And the same for people.
[[nodiscard]] std::string docs_page(std::string_view version);

// The answers, one file per noun.
Task<Answered> on_health(Admin& a, const Incoming& in);
Task<Answered> on_config(Admin& a, const Incoming& in);
Task<Answered> on_openapi(Admin& a, const Incoming& in);
Task<Answered> on_docs(Admin& a, const Incoming& in);
Task<Answered> on_docs_style(Admin& a, const Incoming& in);
Task<Answered> on_metrics(Admin& a, const Incoming& in);

Task<Answered> on_set_up(Admin& a, const Incoming& in);
Task<Answered> on_login(Admin& a, const Incoming& in);
Task<Answered> on_logout(Admin& a, const Incoming& in);
Task<Answered> on_me(Admin& a, const Incoming& in);
Task<Answered> on_who(Admin& a, const Incoming& in);
Task<Answered> on_change_password(Admin& a, const Incoming& in);
Task<Answered> on_list_sessions(Admin& a, const Incoming& in);
Task<Answered> on_end_session(Admin& a, const Incoming& in);
Task<Answered> on_list_admins(Admin& a, const Incoming& in);
Task<Answered> on_create_admin(Admin& a, const Incoming& in);
Task<Answered> on_remove_admin(Admin& a, const Incoming& in);

Task<Answered> on_status(Admin& a, const Incoming& in);
Task<Answered> on_remote(Admin& a, const Incoming& in);
Task<Answered> on_freeze(Admin& a, const Incoming& in);
Task<Answered> on_thaw(Admin& a, const Incoming& in);
Task<Answered> on_dashboard(Admin& a, const Incoming& in);

Task<Answered> on_list_servers(Admin& a, const Incoming& in);
Task<Answered> on_get_server(Admin& a, const Incoming& in);
Task<Answered> on_create_server(Admin& a, const Incoming& in);
Task<Answered> on_change_server(Admin& a, const Incoming& in);
Task<Answered> on_delete_server(Admin& a, const Incoming& in);
Task<Answered> on_start_server(Admin& a, const Incoming& in);
Task<Answered> on_stop_server(Admin& a, const Incoming& in);
Task<Answered> on_list_tools(Admin& a, const Incoming& in);

Task<Answered> on_create_tool(Admin& a, const Incoming& in);
Task<Answered> on_get_tool(Admin& a, const Incoming& in);
Task<Answered> on_update_tool(Admin& a, const Incoming& in);
Task<Answered> on_delete_tool(Admin& a, const Incoming& in);
Task<Answered> on_submit_tool(Admin& a, const Incoming& in);
Task<Answered> on_validate_code(Admin& a, const Incoming& in);
Task<Answered> on_test_code(Admin& a, const Incoming& in);
Task<Answered> on_list_versions(Admin& a, const Incoming& in);
Task<Answered> on_get_version(Admin& a, const Incoming& in);
Task<Answered> on_compare_versions(Admin& a, const Incoming& in);
Task<Answered> on_roll_back(Admin& a, const Incoming& in);
Task<Answered> on_get_approved(Admin& a, const Incoming& in);
Task<Answered> on_review(Admin& a, const Incoming& in);

Task<Answered> on_list_reviews(Admin& a, const Incoming& in);
Task<Answered> on_review_stats(Admin& a, const Incoming& in);
Task<Answered> on_decide(Admin& a, const Incoming& in);
Task<Answered> on_revoke_tool(Admin& a, const Incoming& in);
Task<Answered> on_decide_many(Admin& a, const Incoming& in);

Task<Answered> on_list_hosts(Admin& a, const Incoming& in);
Task<Answered> on_get_host(Admin& a, const Incoming& in);
Task<Answered> on_decide_host(Admin& a, const Incoming& in);
Task<Answered> on_forget_host(Admin& a, const Incoming& in);
Task<Answered> on_list_module_requests(Admin& a, const Incoming& in);
Task<Answered> on_get_module_request(Admin& a, const Incoming& in);
Task<Answered> on_decide_module(Admin& a, const Incoming& in);
Task<Answered> on_forget_module(Admin& a, const Incoming& in);
Task<Answered> on_decide_grants(Admin& a, const Incoming& in);
Task<Answered> on_add_host(Admin& a, const Incoming& in);
Task<Answered> on_list_denied(Admin& a, const Incoming& in);
Task<Answered> on_list_modules(Admin& a, const Incoming& in);
Task<Answered> on_add_module(Admin& a, const Incoming& in);

Task<Answered> on_list_secrets(Admin& a, const Incoming& in);
Task<Answered> on_create_secret(Admin& a, const Incoming& in);
Task<Answered> on_set_secret(Admin& a, const Incoming& in);
Task<Answered> on_delete_secret(Admin& a, const Incoming& in);

Task<Answered> on_read_settings(Admin& a, const Incoming& in);
Task<Answered> on_change_settings(Admin& a, const Incoming& in);
Task<Answered> on_apply_profile(Admin& a, const Incoming& in);

Task<Answered> on_list_executions(Admin& a, const Incoming& in);
Task<Answered> on_execution_stats(Admin& a, const Incoming& in);
Task<Answered> on_get_execution(Admin& a, const Incoming& in);
Task<Answered> on_server_executions(Admin& a, const Incoming& in);
Task<Answered> on_tool_executions(Admin& a, const Incoming& in);
Task<Answered> on_audit(Admin& a, const Incoming& in);
Task<Answered> on_verify_audit(Admin& a, const Incoming& in);
Task<Answered> on_list_checkpoints(Admin& a, const Incoming& in);
Task<Answered> on_activity(Admin& a, const Incoming& in);
Task<Answered> on_activity_stream(Admin& a, const Incoming& in);

}  // namespace mcpbox::admin
