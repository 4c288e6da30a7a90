// Command lines, as the programs read them: never an exception, never a crash, and whatever passes
// can be described. The first line says which command, each further line is an argument.
#include "common/base/cli.hpp"
#include "common/net/server_options.hpp"
#include "loadgen/commands/compare_options.hpp"
#include "loadgen/commands/load_options.hpp"
#include "loadgen/commands/python_option.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace echotrio::loadgen {
// In the place of the one that starts what it is given: random input starts no program.
Result<std::vector<Python>> find_pythons(const std::vector<std::string>&) {
    return std::vector<Python>{};
}
}  // namespace echotrio::loadgen

namespace echotrio::test {
namespace {

using namespace loadgen;

// Error lines and help texts go nowhere meanwhile. (stderr as a stream: a sanitizer still reports.)
class Silence {
  public:
    Silence() : error_(stderr), output_(std::cout.rdbuf(nothing_.rdbuf())) {
        static std::FILE* const kNull = std::fopen("/dev/null", "w");
        stderr = kNull;
    }
    ~Silence() {
        stderr = error_;
        std::cout.rdbuf(output_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

  private:
    std::ostringstream nothing_;
    std::FILE* error_;
    std::streambuf* output_;
};

bool parsed(CLI::App& app, const std::vector<std::string>& arguments) {
    std::vector<const char*> argv{"program"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    const Silence silence;
    return !cli::parse(app, static_cast<int>(argv.size()), argv.data());
}

void load(CLI::App& app, const std::vector<std::string>& arguments) {
    LoadFlags flags;
    add_load_flags(app, flags, true);
    if (!parsed(app, arguments)) return;
    if (flags.size.value_or(0) > (1U << 16U)) return;  // is made at once: slow, not wrong
    if (finish_load_flags(flags, app)) CHECK(!describe_load(flags.run).empty());
}

void compare(CLI::App& app, const std::vector<std::string>& arguments) {
    CompareOptions options;
    add_compare_options(app, options);
    if (!parsed(app, arguments)) return;
    if (!complete_options(app, options) || !complete_plan(options)) return;
    CHECK(!options.command_line.empty() && !options.plan.levels.empty());
    CHECK(!options.plan.variants.empty());
}

void serve(CLI::App& app, const std::vector<std::string>& arguments) {
    net::ServerOptions options;
    net::add_server_options(app, options, "fuzz", 7000);
    if (!parsed(app, arguments)) return;
    for (const int cpu : options.cpus) CHECK(cpu >= 0);
    for (const Nanos time : {options.limits.idle, options.limits.request, options.drain_timeout}) {
        CHECK(time >= Nanos(0));
    }
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace echotrio::test;
    std::istringstream lines{std::string(text_of(data, size))};
    std::string command;
    std::getline(lines, command);
    std::vector<std::string> arguments;
    for (std::string line; std::getline(lines, line);) {
        if (line.find('@') != line.npos) return 0;  // --body @FILE reads any file
        arguments.push_back(line);
    }
    const auto program = echotrio::cli::program("");
    CLI::App& app = *program;
    if (command == "load") load(app, arguments);
    if (command == "compare") compare(app, arguments);
    if (command == "serve") serve(app, arguments);
    return 0;
}
