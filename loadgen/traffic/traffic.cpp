#include "loadgen/traffic/traffic.hpp"

#include "common/base/units.hpp"
#include "loadgen/schedule/recording_builder.hpp"
#include "loadgen/traffic/readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace echotrio::loadgen {
namespace {

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// The first key of the object that `text` begins with; empty: there is none.
std::string_view first_key(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    if (!text.starts_with('"')) return {};
    return text.substr(1, text.find('"', 1) - 1);
}

std::optional<TrafficFormat> format_of_line(std::string_view line) {
    AccessLogReader log;
    const Look as_log = log.read(line);
    const Skip* const why = std::get_if<Skip>(&as_log);
    if (why == nullptr || *why != Skip::malformed) return TrafficFormat::log;
    if (CsvReader::could_begin_with(line)) return TrafficFormat::csv;
    return std::nullopt;
}

// By the first of the lines that is of one.
Result<TrafficFormat> recognise(std::string_view ahead) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (ahead.starts_with("\x1f\x8b"))
        return Error{"it is compressed: write `zcat FILE |` before the command and - for the file"};
    if (ahead.starts_with(kByteOrderMark)) ahead.remove_prefix(kByteOrderMark.size());
    while (!ahead.empty()) {
        const std::size_t end = std::min(ahead.find('\n'), ahead.size());
        const std::string_view line = ahead.substr(0, end);
        const std::size_t from = line.find_first_not_of(" \t\r");
        if (from != std::string_view::npos && line[from] == '{') {
            const bool har = first_key(ahead.substr(from)) == "log";
            return har ? TrafficFormat::har : TrafficFormat::ndjson;
        }
        if (from != std::string_view::npos) {
            if (const auto format = format_of_line(line)) return *format;
        }
        ahead.remove_prefix(std::min(end + 1, ahead.size()));
    }
    return Error{
        "it begins with nothing that is an access log (common or combined), CSV with a column "
        "time, NDJSON with a key \"time\", or HAR"};
}

// Collects what the readers see.
class Collector {
  public:
    explicit Collector(TrafficFormat format) { traffic_.format = format; }

    // Of line or entry `number`.
    Status take(const Look& look, std::uint64_t number) {
        if (const Skip* const why = std::get_if<Skip>(&look)) {
            Skipped& skipped = traffic_.skipped[static_cast<std::size_t>(*why)];
            if (skipped.count++ == 0) skipped.first = number;
            return Done{};
        }
        const Seen& seen = std::get<Seen>(look);
        fractions_ |= seen.time.has_fraction;
        const Status added = builder_.add(seen.time.ns, seen.resource, seen.bytes);
        if (added) return Done{};
        return Error{fmt::format("{} {}: {}, which is the limit",
                                 traffic_.format == TrafficFormat::har ? "entry" : "line",
                                 group_digits(std::to_string(number)), added.error().message)};
    }

    Result<Traffic> finish() && {
        if (builder_.size() == 0) {
            const std::string skipped = skipped_words(traffic_);
            return Error{skipped.empty() ? "there is no request in it"
                                         : "there is no request to send in it: " + skipped};
        }
        traffic_.out_of_order = builder_.out_of_order();
        traffic_.spread = !fractions_;
        traffic_.recording =
            std::make_shared<const Recording>(std::move(builder_).build(traffic_.spread));
        return std::move(traffic_);
    }

  private:
    Traffic traffic_;
    RecordingBuilder builder_;
    bool fractions_ = false;
};

Status read_lines(Source& source, TrafficFormat format, Collector& collector) {
    AccessLogReader log;
    CsvReader csv;
    NdjsonReader ndjson;
    while (const auto line = source.line()) {
        std::optional<Look> look = Skip::too_long;
        if (!line->too_long) {
            if (is_blank(line->text)) continue;
            if (format == TrafficFormat::csv && line->text.front() == '#') continue;
            look = format == TrafficFormat::log   ? log.read(line->text)
                   : format == TrafficFormat::csv ? csv.read(line->text)
                                                  : ndjson.read(line->text);
        }
        if (!look) continue;
        if (const Status taken = collector.take(*look, line->number); !taken) return taken;
    }
    return Done{};
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace

const std::vector<std::string>& traffic_format_names() {
    static const std::vector<std::string> kNames{"ndjson", "csv", "log", "har"};
    return kNames;
}

const char* name_of(TrafficFormat format) {
    return traffic_format_names()[static_cast<std::size_t>(format)].c_str();
}

std::optional<TrafficFormat> traffic_format_named(std::string_view name) {
    const auto& names = traffic_format_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<TrafficFormat>(found - names.begin());
}

std::uint64_t Traffic::all_skipped() const {
    std::uint64_t sum = 0;
    for (const Skipped& one : skipped) sum += one.count;
    return sum;
}

std::string skipped_words(const Traffic& traffic) {
    const bool har = traffic.format == TrafficFormat::har;
    std::string text;
    for (std::size_t i = 0; i < kSkips; ++i) {
        const Skipped& one = traffic.skipped[i];
        if (one.count == 0) continue;
        const std::string count = group_digits(std::to_string(one.count));
        const bool first = text.empty();
        if (!first) text += ", ";
        text += count;
        if (first)
            text += har ? (one.count == 1 ? " entry" : " entries")
                        : (one.count == 1 ? " line" : " lines");
        text += fmt::format(" {} ({}{} {})", words_of(static_cast<Skip>(i)),
                            one.count > 1 ? "the first: " : "", har ? "entry" : "line",
                            group_digits(std::to_string(one.first)));
    }
    return text;
}

Result<Traffic> read_traffic(Source::Read read, std::optional<TrafficFormat> format) {
    Source source(std::move(read));
    if (!format) {
        const auto recognised = recognise(source.ahead());
        if (!recognised) return recognised.error();
        format = *recognised;
    }
    Collector collector(*format);
    const Status done =
        *format == TrafficFormat::har
            ? read_har(source, [&](const Look& look,
                                   std::uint64_t entry) { return collector.take(look, entry); })
            : read_lines(source, *format, collector);
    if (!done) return done.error();
    return std::move(collector).finish();
}

std::string format_record_line(std::int64_t at, const Resource& resource, std::uint32_t bytes) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    std::string line = fmt::format("{{\"time\":{}.{:09}", at / kSecond, at % kSecond);
    if (!resource.method.empty()) line += fmt::format(",\"method\":{}", quoted(resource.method));
    if (!resource.path.empty()) line += fmt::format(",\"path\":{}", quoted(resource.path));
    if (bytes != RecordedRequest::kUnknown) line += fmt::format(",\"bytes\":{}", bytes);
    return line + "}\n";
}

}  // namespace echotrio::loadgen
