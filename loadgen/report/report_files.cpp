#include "loadgen/report/report_files.hpp"

#include "loadgen/document/html.hpp"
#include "loadgen/document/text.hpp"
#include "loadgen/findings/results_json.hpp"
#include "loadgen/report/comparison_csv.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/results_file.hpp"

#include <fmt/format.h>

#include <initializer_list>

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

constexpr Format kFormats[] = {
    {"console", "", [](const Report& r) { return to_console(r.document, r.style); }},
    {"markdown", "report.md", [](const Report& r) { return to_markdown(r.document); }},
    {"csv", "trials.csv", [](const Report& r) { return to_csv(r.experiment); }},
    {"html", "report.html",
     [](const Report& r) { return experiment_page(r.experiment, r.digest, r.document); }},
};

}  // namespace

std::string experiment_page(const Experiment& experiment, const Digest& digest,
                            const Document& document) {
    return to_html(document,
                   {data_attachment(results_to_json(experiment, digest.comparisons)),
                    {"trials.csv", "Download CSV", "text/csv", pack(to_csv(experiment))}});
}

std::span<const Format> formats() {
    return kFormats;
}

Status write_report_files(const std::string& dir, const Report& report) {
    const Json json = results_to_json(report.experiment, report.digest.comparisons);
    Status written = write_file(dir + "/results.json", to_text(json));
    for (const Format& format : kFormats) {
        if (!written) return written;
        if (format.file.empty()) continue;
        written = write_file(fmt::format("{}/{}", dir, format.file), format.render(report));
    }
    return written;
}

}  // namespace echotrio::loadgen
