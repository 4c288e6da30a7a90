#include "loadgen/report/report_files.hpp"

#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/html.hpp"
#include "loadgen/report/results_file.hpp"
#include "loadgen/report/text.hpp"

#include <utility>

namespace echotrio::loadgen {

std::string experiment_page(const Experiment& experiment, const Digest& digest,
                            const Document& document) {
    // Histograms hardly compress: beyond this size the page carries the figures without them.
    constexpr std::size_t kLargestAttachment = 3U << 20U;
    nlohmann::ordered_json json = experiment_to_json(experiment, digest.comparisons);
    std::string title = "Download JSON";
    if (to_text(json).size() > kLargestAttachment) {
        for (auto& trial : json["trials"]) {
            trial.erase("histograms");
            trial.erase("intervals");
            for (auto& one : trial["classes"]) one.erase("histogram");
        }
        title = "Download JSON (without histograms)";
    }
    return to_html(document, {{"results.json", std::move(title), "application/json", to_text(json)},
                              {"trials.csv", "Download CSV", "text/csv", to_csv(experiment)}});
}

Status write_report_files(const std::string& dir, const Experiment& experiment,
                          const Digest& digest, const Document& document) {
    const nlohmann::ordered_json json = experiment_to_json(experiment, digest.comparisons);
    const std::pair<const char*, std::string> files[] = {
        {"results.json", to_text(json)},
        {"trials.csv", to_csv(experiment)},
        {"report.md", to_markdown(document)},
        {"report.html", experiment_page(experiment, digest, document)},
    };
    for (const auto& [name, text] : files) {
        if (const Status written = write_file(dir + "/" + name, text); !written) return written;
    }
    return Done{};
}

}  // namespace echotrio::loadgen
