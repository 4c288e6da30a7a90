#include "loadgen/results/prometheus.hpp"

#include <fmt/format.h>

#include <optional>

namespace echotrio::loadgen {
namespace {

// A label's value: the format escapes backslash, quote and newline.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

// Units are spelled out, and what only ever grows is a total.
std::string family(std::string_view prefix, std::string_view key, Kind kind) {
    const bool seconds = key.ends_with("_s");
    if (seconds) key.remove_suffix(2);
    return fmt::format("echotrio_{}_{}{}{}", prefix, key, seconds ? "_seconds" : "",
                       kind == Kind::counter ? "_total" : "");
}

// Writes the published ones of the fields that it visits.
struct Exposition {
    const std::string& label;
    std::string prefix;
    std::string text{};

    template <Numeric T>
    void operator()(const char* key, Kind kind, const T& value) {
        const std::optional<typename KnownNumber<T>::Type> known = value;
        if (!known || kind.help() == nullptr) return;
        const std::string name = family(prefix, key, kind);
        head(name, kind, fmt::format("{}{{{}}} {}\n", name, label, static_cast<double>(*known)));
    }
    void operator()(const char* key, Kind kind, const MemoryUse& parts) {
        if (kind.help() == nullptr) return;
        const std::string name = family(prefix, key, kind) + "_bytes";
        std::string samples;
        for (const auto& [part, bytes] : parts) {
            if (!bytes) continue;
            samples += fmt::format("{}{{{},part=\"{}\"}} {}\n", name, label, part, *bytes);
        }
        if (!samples.empty()) head(name, kind, samples);
    }
    template <Listed T>
    void operator()(const char* key, Kind, const std::optional<T>& inner) {
        if (!inner) return;
        Exposition more{label, key};
        fields(more, Tag<T>{}, *inner);
        text += more.text;
    }

  private:
    void head(const std::string& name, Kind kind, const std::string& samples) {
        text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{3}", name, kind.help(),
                            kind == Kind::counter ? "counter" : "gauge", samples);
    }
};

}  // namespace

std::string use_to_prometheus(const ServerUse& use, std::string_view name) {
    const std::string label = fmt::format("server=\"{}\"", escaped(name));
    Exposition exposition{label, "group"};
    fields(exposition, Tag<ServerUse>{}, use);
    return std::move(exposition.text);
}

}  // namespace echotrio::loadgen
