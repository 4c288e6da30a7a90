// The command line in one manner for all programs: units in values, "error: --flag: what to do"
// on standard error, exit status 2.
#pragma once

#include "common/base/clock.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // could not run
inline constexpr int kExitUsage = 2;

// --help and --version in the house's form. The app must outlive parsing.
void prepare(CLI::App& app);

// Parses; an exit status when the program should end now (0 after --help, 2 after a mistake).
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

// What CLI11 complains of, on one line, in the house's form "--flag: what is wrong".
std::string message_of(const CLI::Error& error);

// Options with units; the default shown in --help is the variable's value.
CLI::Option* duration(CLI::App& app, std::string flags, Nanos& value, std::string help);
CLI::Option* size(CLI::App& app, std::string flags, std::uint64_t& value, std::string help);
// "0,2-3": CPUs that this process may run on.
CLI::Option* cpus(CLI::App& app, std::string flags, std::vector<int>& value, std::string help);

// Ranges for options with units.
CLI::Validator at_most(Nanos limit);
CLI::Validator size_between(std::uint64_t least, std::uint64_t most);
// The same for plain numbers; what is not a number is refused by the option itself.
CLI::Validator number_between(double least, double most);
CLI::Validator positive_number();

// "error: ..." on standard error; returns `status` so that main can `return fail(...)`.
int fail(const std::string& message, int status = kExitFailed);

}  // namespace echotrio::cli
