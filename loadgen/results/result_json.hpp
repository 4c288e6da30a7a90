// A RunResult as JSON and back: the keys of docs/contract.md, with the histograms beside them, so
// that `merge` and `report` work from the counts and never from percentiles.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/run_result.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace echotrio::loadgen {

inline constexpr int kSchemaVersion = 1;

// JSON from a file or a server that may hold anything. Error: not JSON, a number beyond double, or
// nested more than 100 deep (to copy or print that would take the stack).
Result<nlohmann::ordered_json> json_from_text(std::string_view text);

// Every file of ours says its "schema_version". Error: it has none, or a newer one than ours.
Status check_schema(const nlohmann::ordered_json& json);

// Everything that the result says. "schema_version" is there; "command" and "environment" are the
// caller's. A value that is not known is null.
nlohmann::ordered_json result_to_json(const RunResult& result);

// Error: what is missing or of the wrong type. Keys that are not ours are passed over.
Result<RunResult> result_from_json(const nlohmann::ordered_json& json);

// The "server" block alone, as `loadgen observe` hands it out, and back.
nlohmann::ordered_json server_use_to_json(const ServerUse& use);
Result<ServerUse> server_use_from_json(const nlohmann::ordered_json& json);

// Blocks of the contract alone.
nlohmann::ordered_json summary_to_json(const LatencySummary& summary);
nlohmann::ordered_json accounting_to_json(const Accounting& accounting);
nlohmann::ordered_json cpus_to_json(const CpusHad& cpus);
nlohmann::ordered_json verdict_to_json(const Verdict& verdict);

}  // namespace echotrio::loadgen
