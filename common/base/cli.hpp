// The command line in one manner for all programs: units in values, "error: --flag: what to do"
// on standard error, exit status 2. A front for CLI11, whose header costs the compiler seconds in
// each file that includes it: here it is only named.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Error;
class Option;
}  // namespace CLI

namespace echotrio::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // could not run
inline constexpr int kExitUsage = 2;

// A program's command line, with --help and --version in the house's form.
struct AppDeleter {
    void operator()(CLI::App* app) const noexcept;
};
using Program = std::unique_ptr<CLI::App, AppDeleter>;
Program program(std::string description, std::string name = "");

// Parses; an exit status when the program should end now (0 after --help, 2 after a mistake).
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

// `name` as a command of the program; `run` is called once the whole line was read. Adding one
// makes a command necessary.
CLI::App& command(CLI::App& app, std::string name, std::string description);
void on_command(CLI::App& command, std::function<void()> run);

// What CLI11 complains of, on one line, in the house's form "--flag: what is wrong".
std::string message_of(const CLI::Error& error);

// Says what is wrong with a value, nothing when it is right.
using Check = std::function<std::string(const std::string&)>;

// What else is to be said of an option that was added. Names and meanings are CLI11's.
class Option {
  public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option& check(const Check& check);
    Option& one_of(std::vector<std::string> values);
    Option& range(std::uint64_t least, std::uint64_t most);
    Option& type_name(std::string name);
    Option& default_str(std::string text);
    Option& required();
    Option& hidden();  // not in --help
    Option& excludes(std::string flag);
    Option& delimiter(char between);  // of several values in one argument
    Option& expected(int least, int most);
    Option& not_configurable();  // in a file

  private:
    CLI::Option* option_;
};

// "-x,--name", or a NAME of its own for an argument without a flag. The default shown in --help is
// the variable's value. T: cli.cpp lists them.
template <class T>
Option option(CLI::App& app, std::string flags, T& value, std::string help = "");
// A flag without a value.
Option flag(CLI::App& app, std::string flags, bool& value, std::string help);
// An option whose value is handed to `take`.
Option option(CLI::App& app, std::string flags, const std::function<void(const std::string&)>& take,
              std::string help);

// Options with units.
Option duration(CLI::App& app, std::string flags, Nanos& value, std::string help);
Option size(CLI::App& app, std::string flags, std::uint64_t& value, std::string help);
// "0,2-3": CPUs that this process may run on.
Option cpus(CLI::App& app, std::string flags, std::vector<int>& value, std::string help);

// Ranges for options with units.
Check at_most(Nanos limit);
Check size_between(std::uint64_t least, std::uint64_t most);
// The same for plain numbers; what is not a number is refused by the option itself.
Check number_between(double least, double most);
Check positive_number();

// Whether there is such an option and it was given.
bool is_given(const CLI::App& app, const std::string& flag);

// How often an option was given.
std::size_t count(const CLI::App& app, const std::string& flag);

// Gives the option --NAME these values, as the command line would; nothing happens where that has
// it already. For a flag the value is "true" or "false". Error: there is no such option, it can
// only be a flag, or what is wrong with a value.
Status set(CLI::App& app, const std::string& name, const std::vector<std::string>& values);

// All that were given, by their long names, in the order in which they were added.
struct Given {
    std::string name;
    bool is_flag = false;
    bool has_delimiter = false;
    std::vector<std::string> values;
};
std::vector<Given> given(const CLI::App& app);

// "error: ..." on standard error; returns `status` so that main can `return fail(...)`.
int fail(const std::string& message, int status = kExitFailed);

}  // namespace echotrio::cli
