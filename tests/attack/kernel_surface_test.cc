// docs/kernel-surface.md is the corpus in print: what a hostile call child still gets an answer for, and why.
// The corpus is tried on the running kernel by self_attack_test; here it is compared with the filter, row by
// row.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "executor/attack/answered.h"
#include "executor/attack/corpus.h"
#include "policy/syscall_tables.h"

namespace mcpbox {
namespace {

using attack::AnsweredCall;
using attack::Attempt;
using policy::Effect;
using policy::SyscallRule;
using policy::Term;

std::string hexadecimal(std::uint64_t number) {
  std::ostringstream out;
  out << "0x" << std::hex << number;
  return out.str();
}

// "bits 0x4 of argument 3 are clear": counted from 1, as in manuals.
std::string words(const Term& term) {
  const std::string argument = "argument " + std::to_string(term.argument + 1);
  if (term.mask == policy::kWord || term.mask == policy::kInt)
    return argument + " is " + (term.value > 1'000'000 ? "-1" : std::to_string(term.value));
  if (term.value != 0) return argument + " & " + hexadecimal(term.mask) + " is " + hexadecimal(term.value);
  if ((term.mask >> 63) != 0) return argument + " has no bit but " + hexadecimal(~term.mask);
  return argument + " has no bit of " + hexadecimal(term.mask);
}

std::string conditions_of(long call) {
  std::string text;
  for (const SyscallRule& rule : policy::kCallCalls.rules) {
    if (rule.call != call || rule.then != policy::kAllow) continue;
    std::string row;
    for (const Term& term : rule.only_if.terms)
      if (term.mask != 0) row.append(row.empty() ? "" : ", ").append(words(term));
    if (!row.empty()) text.append(text.empty() ? "" : "; or ").append(row);
  }
  return text.empty() ? "any" : text;
}

std::string reaching_text() {
  std::string text = "| call | arguments | answer to a harmless question | what for |\n|---|---|---|---|\n";
  for (const AnsweredCall& row : attack::reaching_calls())
    text.append("| `")
        .append(row.name)
        .append("` | ")
        .append(conditions_of(row.call.number))
        .append(" | ")
        .append(attack::words(row.expected))
        .append(" | ")
        .append(row.why)
        .append(" |\n");
  return text;
}

std::string passed_text() {
  std::string text = "| call | number | answer | why it is no hole |\n|---|---|---|---|\n";
  for (const attack::PassedCall& row : attack::passed_calls())
    text.append("| `")
        .append(row.name)
        .append("` | ")
        .append(std::to_string(row.number))
        .append(" | ")
        .append(attack::words(row.expected))
        .append(" | ")
        .append(row.why)
        .append(" |\n");
  return text;
}

std::string refused_text() {
  std::map<std::string, std::string> by_error;
  for (const AnsweredCall& row : attack::refused_calls()) {
    std::string& calls = by_error[attack::words(row.expected)];
    calls.append(calls.empty() ? "`" : ", `").append(row.name).append("`");
  }
  std::string text = "| error | calls |\n|---|---|\n";
  for (const auto& [error, calls] : by_error)
    text.append("| ").append(error).append(" | ").append(calls).append(" |\n");
  return text;
}

std::string machine_text() {
  attack::Attempts attempts;
  attack::add_machine(attempts, attack::Corpus::kShort);
  std::string text = "| attempt | end |\n|---|---|\n";
  for (const Attempt& attempt : attempts)
    text.append("| ")
        .append(attempt.name)
        .append(" | ")
        .append(attack::words(attempt.expected))
        .append(" |\n");
  return text;
}

std::string page() {
  std::ifstream file(MCPBOX_SOURCE_DIR "/tests/attack/kernel_surface.head.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str() + "\n## Calls that reach the kernel\n\n" + reaching_text() +
         "\n## Calls that the kernel passes to everybody\n\nOptional: only where the kernel is new enough, "
         "and "
         "nothing that a filter could change.\n\n" +
         passed_text() +
         "\n## Calls that the filter answers itself\n\nThe kernel's code is not reached.\n\n" +
         refused_text() + "\n## Other ways\n\n" + machine_text();
}

TEST(KernelSurface, IsWhatTheDocumentSays) {
  std::ifstream file(MCPBOX_SOURCE_DIR "/docs/kernel-surface.md");
  std::stringstream written;
  written << file.rdbuf();
  EXPECT_TRUE(written.str() == page()) << "if the change is meant, this is the new docs/kernel-surface.md:\n"
                                       << page();
}

std::set<long> numbers_with(Effect effect) {
  std::set<long> numbers;
  for (const SyscallRule& rule : policy::kCallCalls.rules)
    if (rule.then.effect == effect) numbers.insert(rule.call);
  return numbers;
}

std::set<long> numbers_of(std::span<const AnsweredCall> rows) {
  std::set<long> numbers;
  for (const AnsweredCall& row : rows) numbers.insert(row.call.number);
  return numbers;
}

TEST(KernelSurface, ReachesWhatTheFilterLetsThrough) {
  EXPECT_EQ(numbers_of(attack::reaching_calls()), numbers_with(Effect::kAllow));
  EXPECT_LE(attack::reaching_calls().size(), 24u);
}

TEST(KernelSurface, RefusesWhatTheFilterRefusesWithTheSameError) {
  const std::set<long> reaching = numbers_of(attack::reaching_calls());
  std::set<long> refused = numbers_with(Effect::kFail);
  std::erase_if(refused, [&](long number) { return reaching.contains(number); });
  EXPECT_EQ(numbers_of(attack::refused_calls()), refused);
  for (const AnsweredCall& row : attack::refused_calls())
    for (const SyscallRule& rule : policy::kCallCalls.rules) {
      if (rule.call != row.call.number) continue;

      EXPECT_TRUE(row.expected.contains(attack::refused(rule.then.fail_errno))) << row.name;
    }
}

TEST(KernelSurface, GivesAReasonForEveryLine) {
  for (const auto rows : {attack::reaching_calls(), attack::refused_calls()})
    for (const AnsweredCall& row : rows) EXPECT_STRNE(row.why, "") << row.name;
}

// A table that lists a number twice would hide the second answer.
TEST(KernelSurface, NamesEveryAttemptOnce) {
  std::set<std::string> names;
  for (const Attempt& attempt : attack::against_call_jail(attack::Corpus::kLong))
    EXPECT_TRUE(names.insert(attempt.name).second) << attempt.name;
}

TEST(KernelSurface, TriesEveryNumber) {
  std::size_t numbers = 0;
  for (const Attempt& attempt : attack::against_call_jail(attack::Corpus::kShort))
    numbers += attempt.name.starts_with("system call ") ? 1 : 0;
  EXPECT_GE(numbers + attack::reaching_calls().size() + attack::refused_calls().size() +
                attack::passed_calls().size(),
            512u);
}

}  // namespace
}  // namespace mcpbox
