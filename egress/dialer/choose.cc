// Runs in [dial].  Trusts no name server: an answer is an address like any other.
#include "egress/dialer/choose.h"

#include <algorithm>
#include <set>
#include <string>

namespace mcpbox::dialer {
namespace {

using base::Why;

// An Error holds a literal: one text per row of the address table, made once.
const char* refusal_for(const policy::AddressRow& row) {
  static std::set<std::string> texts;
  std::string text = "the host leads to " + std::string(row.name);
  if (!row.prefix.empty()) text += " (" + std::string(row.prefix) + ")";
  text += row.rule == policy::AddressRule::kPrivate
              ? ": an admin must approve exactly this host with this port; use mcpbox_request_network_access"
              : ", which tools never connect to";
  return texts.insert(std::move(text)).first->c_str();
}

}  // namespace

Choice choose(std::span<const policy::HostRule> rules, const policy::Host& host, std::uint16_t port,
              std::span<const policy::Address> answers, const WhereTo& where_to) {
  Choice choice;
  const policy::Coverage coverage = policy::cover(rules, host, port);
  if (!coverage.covered) {
    choice.refusal = {Why::kRefused, "the host is not approved for this call"};
    return choice;
  }
  choice.refusal = {Why::kNotFound, "the name has no address"};
  // Of several reasons the one that an admin can do something about.
  bool can_be_approved = false;
  for (const policy::Address& address : answers) {
    const policy::Leads leads = where_to(address);
    if (policy::may_connect(address, leads, coverage.approved)) {
      choice.addresses.push_back(address);
    } else if (!can_be_approved) {
      const policy::AddressRow& row = policy::classify(address, leads);
      can_be_approved = row.rule == policy::AddressRule::kPrivate;
      choice.refusal = {can_be_approved ? Why::kRefused : Why::kInvalid, refusal_for(row)};
    }
  }
  return choice;
}

}  // namespace mcpbox::dialer
