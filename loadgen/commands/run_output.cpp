#include "loadgen/commands/run_output.hpp"

#include "common/base/cli.hpp"
#include "loadgen/commands/commands.hpp"
#include "loadgen/commands/output.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/record/hdr_codec.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

namespace echotrio::loadgen {

void show_run(const RunOutput& output, const RunResult& result, const RunHeading& heading) {
    if (output.quiet) return;
    const bool log_is_shown = summary_stream(output.hdr) == stderr;
    std::FILE* const out = log_is_shown ? stderr : summary_stream(output.json);
    fmt::print(out, "{}", to_console(run_document(result, heading), terminal_style(::fileno(out))));
}

int write_run(const RunOutput& output, const RunResult& result,
              const nlohmann::ordered_json& json) {
    int status = result.verdict.valid ? cli::kExitOk : kExitInvalid;
    if (!output.hdr.empty()) {
        const std::vector<HdrLogLine> lines{
            {"latency", 0, result.duration_s, result.latency},
            {"service_time", 0, result.duration_s, result.service_time},
            {"lateness", 0, result.duration_s, result.lateness}};
        status = keep(output.hdr, format_hdr_log(result.started_unix_s, lines), status);
    }
    return keep(output.json, to_indented_text(json), status);
}

}  // namespace echotrio::loadgen
