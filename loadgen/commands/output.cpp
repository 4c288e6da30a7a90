#include "loadgen/commands/output.hpp"

#include "loadgen/results/files.hpp"

#include <utility>

namespace echotrio::loadgen {

cli::Option output_option(CLI::App& app, std::string flags, std::string& path, std::string help) {
    return cli::option(app, std::move(flags), path, std::move(help))
        .check(unwritable)
        .type_name("FILE");
}

std::FILE* summary_stream(const std::string& path) {
    return !path.empty() && is_standard_output(path) ? stderr : stdout;
}

int keep(const std::string& path, std::string_view text, int status) {
    const Status written = write_output(path, text);
    return written ? status : cli::fail(written.error().message);
}

}  // namespace echotrio::loadgen
