#include "loadgen/report/report_files.hpp"

#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/report/html.hpp"
#include "loadgen/report/results_file.hpp"
#include "loadgen/report/text.hpp"

#include <initializer_list>
#include <utility>

namespace echotrio::loadgen {

namespace {

using Json = nlohmann::ordered_json;

// A page must open on a phone and pass through a mail: the data in it may weigh so much.
constexpr std::size_t kMostData = 1U << 20U;

void drop_from_trials(Json& json, std::initializer_list<const char*> keys) {
    for (Json& trial : json["trials"]) {
        for (const char* key : keys) trial.erase(key);
        for (Json& one : trial["classes"]) one.erase("histogram");
    }
}

// results.json, whole if it fits, else without what weighs most and is looked at least.
Attachment data_attachment(Json json) {
    Attachment data{"results.json", "Download JSON", "application/json", pack(to_text(json))};
    if (data.packed.size() <= kMostData) return data;
    drop_from_trials(json, {"histograms", "intervals"});
    data.title = "Download JSON (without histograms)";
    data.packed = pack(to_text(json));
    if (data.packed.size() <= kMostData) return data;
    drop_from_trials(json, {"command", "server_command", "generator_command", "server_stats",
                            "service_time_us", "lateness_us", "machine"});
    data.title = "Download JSON (main figures)";
    data.packed = pack(to_text(json));
    return data;
}

}  // namespace

std::string experiment_page(const Experiment& experiment, const Digest& digest,
                            const Document& document) {
    return to_html(document,
                   {data_attachment(experiment_to_json(experiment, digest.comparisons)),
                    {"trials.csv", "Download CSV", "text/csv", pack(to_csv(experiment))}});
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
