#include "loadgen/engine/shard.hpp"

#include <fmt/format.h>

#include <charconv>

namespace echotrio::loadgen {

Result<Shard> parse_shard(std::string_view text) {
    const Error wrong{
        fmt::format("write I/N with 1 <= I <= N <= {}, like 2/3, got '{}'", kMostGenerators, text)};
    Shard shard;
    const char* const end = text.data() + text.size();
    const auto [slash, first] = std::from_chars(text.data(), end, shard.index);
    if (first != std::errc{} || slash == end || *slash != '/') return wrong;
    const auto [rest, second] = std::from_chars(slash + 1, end, shard.of);
    if (second != std::errc{} || rest != end) return wrong;
    if (shard.index < 1 || shard.index > shard.of || shard.of > kMostGenerators) return wrong;
    return shard;
}

std::uint64_t share_of(std::uint64_t total, const Share& share) {
    return total / share.of + (share.index < total % share.of ? 1 : 0);
}

std::uint64_t part_of(std::uint64_t total, const Shard& shard) {
    return share_of(total, Share{shard.index - 1, shard.of});
}

Nanos stagger(const RunOptions& whole, const Shard& shard) {
    const bool constant = !whole.rate.empty() && whole.arrival == Arrival::constant;
    if (!constant || !(whole.rate.front().rate > 0)) return Nanos(0);
    return from_seconds(static_cast<double>(shard.index - 1) / whole.rate.front().rate);
}

Status take_shard(RunOptions& options, const Shard& shard) {
    const auto too_few = [&](const char* flag, std::uint64_t total) {
        return Error{
            fmt::format("{}: {} cannot be shared by {} generators", flag, total, shard.of)};
    };
    if (options.connections < shard.of) return too_few("--connections", options.connections);
    if (options.requests > 0 && options.requests < shard.of) {
        return too_few("--requests", options.requests);
    }
    if (options.start_at) *options.start_at += stagger(options, shard);
    options.connections = part_of(options.connections, shard);
    options.idle = part_of(options.idle, shard);
    options.requests = part_of(options.requests, shard);
    for (RateStep& step : options.rate) {
        step.rate /= static_cast<double>(shard.of);
        if (step.ramp_to) *step.ramp_to /= static_cast<double>(shard.of);
    }
    if (options.replay) options.replay->share = Share{shard.index - 1, shard.of};
    options.seed += shard.index - 1;
    options.generator = shard.index - 1;
    return Done{};
}

}  // namespace echotrio::loadgen
