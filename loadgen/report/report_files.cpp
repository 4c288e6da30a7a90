#include "loadgen/report/report_files.hpp"

#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/results_file.hpp"
#include "loadgen/report/text.hpp"

#include <utility>

namespace echotrio::loadgen {

Status write_report_files(const std::string& dir, const Experiment& experiment,
                          const Digest& digest, const Document& document) {
    const nlohmann::ordered_json json = experiment_to_json(experiment, digest.comparisons);
    const std::pair<const char*, std::string> files[] = {
        {"results.json", to_text(json)},
        {"trials.csv", to_csv(experiment)},
        {"report.md", to_markdown(document)},
    };
    for (const auto& [name, text] : files) {
        if (const Status written = write_file(dir + "/" + name, text); !written) return written;
    }
    return Done{};
}

}  // namespace echotrio::loadgen
