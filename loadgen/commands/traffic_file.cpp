#include "loadgen/commands/traffic_file.hpp"

#include "common/base/units.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace echotrio::loadgen {
namespace {

struct Close {
    void operator()(std::FILE* file) const {
        if (file != stdin) std::fclose(file);
    }
};

const char* words_of(TrafficFormat format) {
    switch (format) {
        case TrafficFormat::ndjson:
            return "NDJSON";
        case TrafficFormat::csv:
            return "CSV";
        case TrafficFormat::log:
            return "an access log";
        case TrafficFormat::har:
            return "HAR";
    }
    return "";
}

}  // namespace

void add_traffic_file(CLI::App& command, TrafficFile& file, const std::string& name,
                      std::string help) {
    cli::option(command, name, file.path, std::move(help)).type_name("FILE");
    std::vector<std::string> formats{"auto"};
    formats.insert(formats.end(), traffic_format_names().begin(), traffic_format_names().end());
    cli::option(command, name + "-format", file.format,
                "What that file is; auto: told by its beginning. log: common or combined")
        .one_of(formats);
}

std::string name_of(const TrafficFile& file) {
    return file.path == "-" ? "standard input" : file.path;
}

Result<Traffic> load_traffic(const TrafficFile& file) {
    const std::unique_ptr<std::FILE, Close> in(
        file.path == "-" ? stdin : std::fopen(file.path.c_str(), "re"));
    int error = in ? 0 : errno;
    const auto read = [&](std::span<char> space) -> std::size_t {
        const std::size_t n = std::fread(space.data(), 1, space.size(), in.get());
        if (n == 0 && std::ferror(in.get()) != 0) error = errno;
        return n;
    };
    Result<Traffic> traffic =
        in ? read_traffic(read, traffic_format_named(file.format)) : Result<Traffic>(Error{});
    if (error != 0) {
        return Error{fmt::format("cannot read {}: {}", name_of(file), std::strerror(error))};
    }
    if (traffic) return traffic;
    return Error{fmt::format("{}: {}", name_of(file), traffic.error().message)};
}

std::vector<std::string> traffic_notes(const TrafficFile& file, const Traffic& traffic) {
    const Recording& recording = *traffic.recording;
    std::vector<std::string> notes;
    notes.push_back(fmt::format("{} is {}: {} of {} in {}", name_of(file), words_of(traffic.format),
                                format_plural(recording.size(), "request"),
                                format_plural(recording.resources().size(), "kind"),
                                human_duration(recording.length())));
    if (traffic.spread) {
        notes.emplace_back(
            "its times are whole seconds: the requests of one second are spread evenly over it");
    }
    if (traffic.out_of_order > 0) {
        notes.push_back(fmt::format("{} came after a later one: sorted by time",
                                    format_plural(traffic.out_of_order, "request")));
    }
    if (traffic.all_skipped() > 0) notes.push_back("skipped: " + skipped_words(traffic));
    return notes;
}

nlohmann::ordered_json traffic_to_json(const TrafficFile& file, const Traffic& traffic) {
    nlohmann::ordered_json skipped = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < kSkips; ++i) {
        const Skipped& one = traffic.skipped[i];
        if (one.count == 0) continue;
        skipped[name_of(static_cast<Skip>(i))] = {{"count", one.count}, {"first", one.first}};
    }
    return {{"file", file.path},
            {"format", name_of(traffic.format)},
            {"requests", traffic.recording->size()},
            {"resources", traffic.recording->resources().size()},
            {"length_s", seconds(traffic.recording->length())},
            {"spread", traffic.spread},
            {"out_of_order", traffic.out_of_order},
            {"skipped", std::move(skipped)}};
}

}  // namespace echotrio::loadgen
