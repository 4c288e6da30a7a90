#include "loadgen/commands/replay_options.hpp"

#include "common/base/units.hpp"
#include "loadgen/results/files.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <charconv>

namespace echotrio::loadgen {
namespace {

constexpr double kLeastSpeed = 0.001, kMostSpeed = 1e6;
constexpr Nanos kLongest = std::chrono::hours(10'000);

Result<double> parse_speed(const std::string& text) {
    const std::string_view number = std::string_view(text).substr(0, text.find('x'));
    double speed = 0;
    const char* const end = number.data() + number.size();
    const auto [rest, wrong] = std::from_chars(number.data(), end, speed);
    const bool plain = number.size() + 1 >= text.size();  // nothing behind the x
    if (wrong != std::errc() || rest != end || !plain || !(speed >= kLeastSpeed) ||
        !(speed <= kMostSpeed)) {
        return Error{fmt::format("--speed: write 2x or 0.5x, {} to {:.0f}, got '{}'", kLeastSpeed,
                                 kMostSpeed, text.substr(0, 40))};
    }
    return speed;
}

Status check_together(const ReplayFlags& flags, const CLI::App& command) {
    const auto given = [&](const char* flag) { return cli::is_given(command, flag); };
    if (!given("--replay")) {
        for (const char* flag : {"--speed", "--loop", "--replay-format"}) {
            if (given(flag)) return Error{fmt::format("{}: needs --replay FILE", flag)};
        }
        return Done{};
    }
    for (const char* flag : {"--rate", "--arrival"}) {
        if (given(flag)) {
            return Error{
                fmt::format("{}: the record says when requests start: leave it out, or "
                            "--replay",
                            flag)};
        }
    }
    if (given("--class")) {
        return Error{"--class: the record says what is asked for: leave it out, or --replay"};
    }
    if (given("--requests")) {
        return Error{"--requests: a replay ends with its record, or after --duration"};
    }
    if (flags.loop && !given("--duration")) {
        return Error{"--loop: say with --duration how long"};
    }
    return Done{};
}

}  // namespace

void add_replay_flags(CLI::App& command, ReplayFlags& flags) {
    add_traffic_file(command, flags.file, "--replay",
                     "Open loop by recorded arrivals: access log, CSV (time,method,path,bytes), "
                     "NDJSON, HAR; - for standard input; to its end unless -d, no warm-up unless "
                     "given");
    cli::option(command, "--speed", flags.speed,
                "How fast the record runs: 2x sends it in half the time");
    cli::flag(command, "--loop", flags.loop, "Repeat the record until --duration ends");
}

Status finish_replay_flags(ReplayFlags& flags, const CLI::App& command, RunOptions& run) {
    if (const Status fine = check_together(flags, command); !fine) return fine;
    if (!cli::is_given(command, "--replay")) return Done{};
    if (flags.file.path.empty()) return Error{"--replay: needs the name of a file"};
    const auto speed = parse_speed(flags.speed);
    if (!speed) return speed.error();
    run.replay.emplace();
    run.replay->speed = *speed;
    run.replay->loop = flags.loop;
    flags.has_duration = cli::count(command, "--duration") > 0;
    if (cli::count(command, "--warmup") == 0) run.warmup = Nanos(0);
    return Done{};
}

Status read_replay(ReplayFlags& flags, RunOptions& run) {
    if (!run.replay) return Done{};
    auto traffic = load_traffic(flags.file);
    if (!traffic) return traffic.error();
    Replay& replay = *run.replay;
    replay.recording = traffic->recording;
    const Nanos length = replay.length();
    if (length > kLongest) {
        return Error{fmt::format(
            "{}: from its first to its last request it takes {}, at most {} can be sent: look for "
            "a wrong time in it, or give --speed",
            name_of(flags.file), human_duration(length), human_duration(kLongest))};
    }
    if (!replay.loop && run.warmup >= length) {
        return Error{
            fmt::format("{}: it is over after {}, within the warm-up of {}: a shorter "
                        "--warmup, or --loop",
                        name_of(flags.file), human_duration(length), human_duration(run.warmup))};
    }
    if (!flags.has_duration) run.duration = length - run.warmup;
    flags.traffic = std::move(*traffic);
    return Done{};
}

std::string describe_replay(const ReplayFlags& flags, const RunOptions& run) {
    if (!run.replay || !flags.traffic) return {};
    const Replay& replay = *run.replay;
    std::string text = fmt::format("replay of {}, {} in {}", name_of(flags.file),
                                   format_plural(replay.recording->size(), "request"),
                                   human_duration(replay.length()));
    if (replay.speed != 1) text += fmt::format(" at {} x its speed", format_short(replay.speed));
    if (replay.loop) text += ", again and again";
    return text;
}

nlohmann::ordered_json replay_to_json(const ReplayFlags& flags, const RunOptions& run) {
    if (!run.replay || !flags.traffic) return nullptr;
    nlohmann::ordered_json json = traffic_to_json(flags.file, *flags.traffic);
    json["speed"] = run.replay->speed;
    json["loop"] = run.replay->loop;
    return json;
}

Status write_record(const std::string& path, const RunRecord& record) {
    constexpr std::size_t kPiece = 64 << 10;
    if (!record.recording) return write_file(path, "");
    return write_pieces(path, [&](const auto& put) {
        const Recording& recording = *record.recording;
        std::string piece;
        for (std::size_t i = 0; i < recording.size(); ++i) {
            const Recording::Arrival& one = recording[i];
            piece += format_record_line(recording.origin() + one.at,
                                        recording.resource(one.request), one.request.bytes);
            if (piece.size() < kPiece) continue;
            put(piece);
            piece.clear();
        }
        put(piece);
    });
}

}  // namespace echotrio::loadgen
